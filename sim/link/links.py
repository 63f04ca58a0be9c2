"""Links to a board's console: a serial port, a socket, or a simulated board. No call waits longer than it is told to.

A simulated board runs only while somebody reads from its link, and its waits are board time: the same commands give
the same bytes, however slow the host.
"""

from __future__ import annotations

import contextlib
import re
import select
import socket
import time
from fractions import Fraction
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from sim.boot import POLL_SECONDS, ConsoleLog
from sim.errors import CrosscamError, shown

SIMULATION = "sim"
FORMS = "a serial port such as /dev/ttyACM0 or COM3, socket://HOST:PORT, or `sim` for a simulated board"
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://", re.ASCII)
_AT_ONCE = 4096
_CONNECT_SECONDS = 10.0
_AT_A_TIME = 64  # bytes
_BITS_A_CHARACTER = 10


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
    """A serial port.

    Args:
        place: the device.
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
            self._port = serial.Serial(place, baud, timeout=0, write_timeout=_CONNECT_SECONDS, exclusive=True)
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
            data = bytearray(self._port.read(1))
        except self._lost as error:
            raise _gone(self.name, error) from None
        with contextlib.suppress(*self._lost):  # the next read tells of it
            while data and len(data) < _AT_ONCE and (waiting := self._port.in_waiting):
                data += self._port.read(waiting)
        return bytes(data)

    def write(self, data: bytes) -> None:
        """See ``Link``."""
        try:
            self._port.write(data)
            self._port.flush()
        except self._lost as error:
            raise _gone(self.name, error) from None

    def set_baud(self, baud: int) -> None:
        """See ``Link``."""
        try:
            self._port.baudrate = baud
        except (*self._lost, ValueError) as error:
            if self._is_gone():
                raise _gone(self.name, error) from None
            raise CrosscamError(f"{self.name}: not at {baud} baud ({shown(_reason(error), 100)})") from None

    def _is_gone(self) -> bool:
        try:
            return bool(self._port.in_waiting < 0)
        except self._lost:
            return True

    def close(self) -> None:
        """See ``Link``."""
        with contextlib.suppress(*self._lost):
            self._port.close()


class SocketLink:
    """A console behind a TCP port. Not pyserial's: that drops what a server says before it is asked.

    Args:
        place: ``socket://HOST:PORT``.

    Raises:
        CrosscamError: it is no such address, or nobody answers there.
    """

    def __init__(self, place: str) -> None:
        self.name = place
        self._began = time.monotonic()
        try:
            address = urlsplit(place)
            host, port = address.hostname, address.port
            if not host or not port or address.path not in ("", "/"):
                raise ValueError("no HOST:PORT")
            self._socket = socket.create_connection((host, port), _CONNECT_SECONDS)
        except (OSError, ValueError) as error:
            raise CrosscamError(f"cannot open {place}: {shown(_reason(error), 120)}; expected {FORMS}") from None

    @property
    def seconds(self) -> float:
        """The host's time since it was opened."""
        return time.monotonic() - self._began

    def read(self, seconds: float) -> bytes:
        """See ``Link``."""
        try:
            if not select.select([self._socket], [], [], max(0.0, seconds))[0]:
                return b""
            data = self._socket.recv(_AT_ONCE)
        except OSError as error:
            raise _gone(self.name, error) from None
        if not data:
            raise _gone(self.name, ConnectionResetError("it hung up"))
        return data

    def write(self, data: bytes) -> None:
        """See ``Link``."""
        try:
            self._socket.settimeout(_CONNECT_SECONDS)
            self._socket.sendall(data)
        except OSError as error:
            raise _gone(self.name, error) from None

    def set_baud(self, baud: int) -> None:
        """Whoever serves the port knows its speed."""

    def close(self) -> None:
        """See ``Link``."""
        self._socket.close()


def _gone(name: str, error: Exception) -> LinkLostError:
    return LinkLostError(f"{name}: the board has gone ({shown(_reason(error), 100)}); plug it in again")


def _reason(error: Exception) -> str:
    return error.strerror if isinstance(error, OSError) and error.strerror else str(error) or type(error).__name__


class BoardLink:
    """A board of this process; ``close`` closes it, too."""

    name = "the simulated board"

    def __init__(self, board: ConsoleLog, baud: int) -> None:
        self._board = board
        self._baud = baud
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
        for start in range(0, len(data), _AT_A_TIME):
            part = data[start : start + _AT_A_TIME]
            self._board.type_bytes(part)
            if len(data) > _AT_A_TIME:  # no firmware's buffer takes a page at once: a wire brings it in time
                self._board.run_for(Fraction(_BITS_A_CHARACTER * len(part), self._baud))

    def set_baud(self, baud: int) -> None:
        """See ``Link``: how fast long texts are typed. What the board sends is taken at any speed."""
        self._baud = baud

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
        return BoardLink(Board(elf, frames, "cortex-m7"), baud)
    if place.startswith("socket://"):
        return SocketLink(place)
    if not place or _SCHEME.match(place):
        raise CrosscamError(f"no link {place}: expected {FORMS}")
    return SerialLink(place, baud)
