"""Externals that show a UART to the host: a TCP port of this computer, a pseudo-terminal.

What the host types is looked for while the machine runs, every ``POLL_SECONDS`` of virtual time; a run is as
deterministic as whoever types.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
from pathlib import Path
from typing import Any

from sim.engine.devices.base import Device
from sim.engine.monitor.faces.uart import is_uart
from sim.engine.monitor.kinds import External
from sim.errors import CrosscamError, shown

POLL_SECONDS = 0.001
_SEND_SECONDS = 1.0
_READ = 4096
_KEPT = 1 << 20
"""Bytes kept for a host that has not connected yet."""
_IAC = 0xFF
_NEGOTIATION = bytes((_IAC, 0xFD, 0x00, _IAC, 0xFB, 0x01, _IAC, 0xFB, 0x03))
"""Telnet: each character at once, echoed by the other side (RFC 854, 856, 857, 858)."""


class Terminal(External):
    """Base: one UART on one side, bytes of the host on the other."""

    def __init__(self) -> None:
        self._uart: Any = None
        self._open = True
        self._looking = False  # there is an event that looks at the host

    def attach(self, device: Device) -> None:
        """Show this UART."""
        uart: Any = device
        if not is_uart(device):
            raise CrosscamError(f"{device.name} ({type(device).__name__}): expected a UART")
        if self._uart is not None:
            raise CrosscamError(f"{device.name}: {self._uart.name} is connected already: one terminal shows one UART")
        self._uart = uart
        uart.on_char.append(self._sent)
        if not self._looking:
            self._look()

    def detach(self, device: Device) -> None:
        """Show it no more."""
        if self._uart != device:
            raise CrosscamError(f"{device.name} is not connected: expected one that is")
        self._uart.on_char.remove(self._sent)
        self._uart = None

    def _look(self) -> None:
        self._looking = self._uart is not None and self._open
        if not self._looking:
            return
        for byte in self._typed():
            self._uart.write_char(byte)
        clock = self._uart.services.clock
        clock.schedule(int(POLL_SECONDS * clock.frequency) or 1, self._look)

    def _sent(self, byte: int) -> None:
        """The UART has sent ``byte``."""
        raise NotImplementedError

    def _typed(self) -> bytes:
        """What the host has typed since the last time."""
        raise NotImplementedError

    def close(self) -> None:
        """Let go of the host."""
        self._open = False


class SocketTerminal(Terminal):
    """``emulation CreateServerSocketTerminal``, for programs of this computer only.

    Args:
        telnet: speak as much of telnet as makes a client send each character at once.
        flush: what came before somebody connected is lost.

    Raises:
        CrosscamError: the port is taken.
    """

    def __init__(self, port: int, telnet: bool = True, flush: bool = False) -> None:
        super().__init__()
        self._telnet, self._flush = telnet, flush
        try:
            self._server = socket.create_server(("127.0.0.1", port))
        except OSError as error:
            raise CrosscamError(f"TCP port {port}: {error.strerror or error}: expected a free one") from None
        self._server.setblocking(False)
        self._client: socket.socket | None = None
        self._kept = bytearray()
        self._skip = 0

    def _accept(self) -> None:
        if self._client is None and select.select([self._server], [], [], 0)[0]:
            self._client, _ = self._server.accept()
            self._client.settimeout(_SEND_SECONDS)
            waiting = b"" if self._flush else bytes(self._kept)
            self._kept.clear()
            self._send((_NEGOTIATION if self._telnet else b"") + self._quoted(waiting))

    def _quoted(self, data: bytes) -> bytes:
        return data.replace(b"\xff", b"\xff\xff") if self._telnet else data

    def _send(self, data: bytes) -> None:
        if self._client is None or not data:
            return
        try:
            self._client.sendall(data)
        except OSError:
            self._hang_up()

    def _hang_up(self) -> None:
        if self._client is not None:
            with contextlib.suppress(OSError):
                self._client.close()
        self._client = None
        self._skip = 0

    def _sent(self, byte: int) -> None:
        self._accept()
        if self._client is not None:
            self._send(self._quoted(bytes((byte,))))
        elif len(self._kept) < _KEPT:
            self._kept.append(byte)

    def _typed(self) -> bytes:
        self._accept()
        if self._client is None or not select.select([self._client], [], [], 0)[0]:
            return b""
        try:
            data = self._client.recv(_READ)
        except OSError:
            data = b""
        if not data:
            self._hang_up()
            return b""
        return self._without_commands(data) if self._telnet else data

    def _without_commands(self, data: bytes) -> bytes:
        """Telnet commands are three bytes from IAC on; IAC twice is one byte of data."""
        found = bytearray()
        for byte in data:
            if self._skip == 2 and byte == _IAC:
                found.append(byte)
                self._skip = 0
            elif self._skip:
                self._skip -= 1
            elif byte == _IAC:
                self._skip = 2
            else:
                found.append(byte)
        return bytes(found)

    def close(self) -> None:
        """Close the port."""
        super().close()
        self._hang_up()
        self._server.close()


class PtyTerminal(Terminal):
    """``emulation CreateUartPtyTerminal``: ``path`` is a link to the terminal while it lives.

    Args:
        force: replace a link or plain file of that name.

    Raises:
        CrosscamError: there is something of that name, or the link cannot be made.
    """

    def __init__(self, path: Path, force: bool = False) -> None:
        super().__init__()
        if path.is_symlink() or path.exists():
            if not force:
                raise CrosscamError(f"{shown(str(path))} exists already: expected forceCreate (true) to replace it")
            if not path.is_symlink() and not path.is_file():
                raise CrosscamError(f"{shown(str(path))}: no plain file and no link: expected a name that may go")
        try:
            self._master, slave = os.openpty()
            with contextlib.suppress(FileNotFoundError):
                path.unlink()
            path.symlink_to(os.ttyname(slave))
        except OSError as error:
            raise CrosscamError(
                f"{shown(str(path))}: {error.strerror}: expected a folder that can be written"
            ) from None
        self._slave = slave  # held open: reading with no one at the other end would be an error
        os.set_blocking(self._master, False)
        self._path = path

    def _sent(self, byte: int) -> None:
        with contextlib.suppress(OSError):  # nobody reads and it is full
            os.write(self._master, bytes((byte,)))

    def _typed(self) -> bytes:
        try:
            return os.read(self._master, _READ)
        except OSError:
            return b""

    def close(self) -> None:
        """Remove the link."""
        super().close()
        with contextlib.suppress(OSError):
            self._path.unlink()
        for end in (self._master, self._slave):
            with contextlib.suppress(OSError):
                os.close(end)
