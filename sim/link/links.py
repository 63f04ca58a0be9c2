"""Links to a board's console: a serial port, a socket, or a simulated board. No call waits longer than it is told to.

A simulated board runs only while somebody reads from its link, and its waits are board time: the same commands give
the same bytes, however slow the host.
"""

from __future__ import annotations

import contextlib
import re
import time
from fractions import Fraction
from pathlib import Path
from typing import Protocol

from sim.boot import POLL_SECONDS, ConsoleLog
from sim.errors import CrosscamError, shown

SIMULATION = "sim"
FORMS = "a serial port such as /dev/ttyACM0 or COM3, socket://HOST:PORT, or `sim` for a simulated board"
_SCHEMES = ("socket", "rfc2217")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://", re.ASCII)
_AT_ONCE = 4096
_CONNECT_SECONDS = 10.0


class Link(Protocol):
    """One console."""

    @property
    def name(self) -> str:
        """What it leads to, for messages."""

    @property
    def seconds(self) -> float:
        """Time on the board's side of the link: board time of a simulation, else the host's since it was opened."""

    def read(self, seconds: float) -> bytes:
        """What has come, or comes within ``seconds``; empty when nothing does.

        Raises:
            LinkLostError: the other end has gone.
        """

    def write(self, data: bytes) -> None:
        """Send ``data``; LinkLostError when that is not possible."""

    def set_baud(self, baud: int) -> None:
        """Change the speed of the wire, where it has one."""

    def close(self) -> None:
        """Let go of it."""


class LinkLostError(CrosscamError):
    """The board was unplugged, or who served it has gone."""


class SerialLink:
    """A serial port, or what pyserial makes look like one.

    Args:
        place: a device or an address, as ``open_link`` takes it.
        baud: bits a second.

    Raises:
        CrosscamError: it cannot be opened.
    """

    def __init__(self, place: str, baud: int) -> None:
        import serial

        self.name = place
        self._lost = (serial.SerialException, OSError)
        self._began = time.monotonic()
        try:
            # exclusive: two programs that read from one port each get half of what the board says.
            exclusive = None if "://" in place else True
            self._port = serial.serial_for_url(
                place, baudrate=baud, timeout=0, write_timeout=_CONNECT_SECONDS, exclusive=exclusive
            )
        except (*self._lost, ValueError) as error:
            raise CrosscamError(f"cannot open {place}: {shown(_reason(error), 120)}; expected {FORMS}") from None

    @property
    def seconds(self) -> float:
        """The host's time since it was opened."""
        return time.monotonic() - self._began

    def read(self, seconds: float) -> bytes:
        """See ``Link``."""
        try:
            self._port.timeout = max(0.0, seconds)
            first = self._port.read(1)
            if not first:
                return b""
            self._port.timeout = 0
            return bytes(first) + bytes(self._port.read(_AT_ONCE))
        except self._lost as error:
            raise self._gone(error) from None

    def write(self, data: bytes) -> None:
        """See ``Link``."""
        try:
            self._port.write(data)
            self._port.flush()
        except self._lost as error:
            raise self._gone(error) from None

    def set_baud(self, baud: int) -> None:
        """See ``Link``."""
        with contextlib.suppress(AttributeError, NotImplementedError):
            self._port.baudrate = baud

    def _gone(self, error: Exception) -> LinkLostError:
        return LinkLostError(f"{self.name}: the board has gone ({shown(_reason(error), 100)}); plug it in again")

    def close(self) -> None:
        """See ``Link``."""
        with contextlib.suppress(*self._lost):
            self._port.close()


def _reason(error: Exception) -> str:
    return error.strerror if isinstance(error, OSError) and error.strerror else str(error) or type(error).__name__


class BoardLink:
    """A board of this process; ``close`` closes it, too."""

    name = "the simulated board"

    def __init__(self, board: ConsoleLog) -> None:
        self._board = board
        self._taken = 0

    @property
    def seconds(self) -> float:
        """Board time."""
        return self._board.seconds

    def read(self, seconds: float) -> bytes:
        """See ``Link``; the board runs meanwhile."""
        end = self._board.seconds + seconds
        while len(self._board.uart_log) == self._taken and self._board.seconds < end:
            self._board.run_for(min(POLL_SECONDS, Fraction(max(1e-6, seconds)).limit_denominator(10**6)))
        data = bytes(self._board.uart_log[self._taken :])
        self._taken += len(data)
        return data

    def write(self, data: bytes) -> None:
        """See ``Link``."""
        self._board.type_bytes(data)

    def set_baud(self, baud: int) -> None:
        """The host's end of a simulated UART takes what the board sends at any speed."""

    def close(self) -> None:
        """See ``Link``."""
        self._board.close()


def open_link(place: str, baud: int, elf: Path | None = None, frames: Path | None = None) -> Link:
    """The link that ``place`` names (``FORMS``).

    Args:
        place: as a user wrote it.
        baud: of a serial port.
        elf: firmware of ``sim``.
        frames: what the camera of ``sim`` sees.

    Raises:
        CrosscamError: it is no such form, or cannot be opened.
    """
    if place == SIMULATION:
        from sim.boot import Board

        if elf is None:
            raise CrosscamError("no firmware for `sim`: name an ELF file with --elf")
        return BoardLink(Board(elf, frames, "cortex-m7"))
    found = _SCHEME.match(place)
    if not place or (found is not None and found[1] not in _SCHEMES):
        raise CrosscamError(f"no link {place}: expected {FORMS}")
    return SerialLink(place, baud)
