"""Host ends of the board's UART: a pseudo terminal, a TCP port on loopback, a file.

Each port is fed with the bytes the board sends and polled for bytes the user typed; none of them ever blocks the
simulation. ``open_port`` reads the spelling of the command line, see ``FORMS``.
"""

from __future__ import annotations

import contextlib
import os
import re
import selectors
import socket
import time
from pathlib import Path
from typing import Protocol

from sim.errors import CrosscamError
from sim.files import whole

FORMS = "pty, tcp:PORT, tcp:PORT,wait (for a client, a minute at most), tcp:PORT,wait=SECONDS or the name of a file"
WAIT_SECONDS = 60.0
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")
_WAIT = re.compile(r"wait(?:=([1-9]\d{0,4}))?", re.ASCII)
_BACKLOG = 1 << 20  # bytes kept for a client that does not take them
_LAST_SECONDS = 1.0
_LINE_FEED = 0x0A


class UartPort(Protocol):
    """One host end of the UART."""

    @property
    def description(self) -> str:
        """What to tell the user: the path or address to connect to."""

    def wait(self) -> None:
        """Before the board starts: until somebody is there, where that was asked for."""

    def send(self, byte: int) -> None:
        """A byte from the board."""

    def receive(self) -> bytes:
        """What the user typed since the last call; empty when nothing is there. Never blocks."""

    def close(self) -> None:
        """Release the port; what was sent is complete on disk or on the wire."""


class FilePort:
    """Raw bytes into a file, complete or absent: written beside, renamed on close."""

    def __init__(self, path: Path) -> None:
        with contextlib.ExitStack() as stack:
            self._stream = stack.enter_context(stack.enter_context(whole(path, "the UART log")).open("wb"))
            self._open = stack.pop_all()
        self.description = str(path)

    def wait(self) -> None:
        """A file is there."""

    def send(self, byte: int) -> None:
        """Append one byte."""
        self._stream.write(bytes((byte,)))

    def receive(self) -> bytes:
        """A file never types."""
        return b""

    def close(self) -> None:
        """Finish the file under its own name."""
        self._open.close()


class PtyPort:
    """A pseudo terminal; open the printed path with any terminal program."""

    def __init__(self) -> None:
        import pty
        import tty

        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.description = os.ttyname(self._slave)

    def wait(self) -> None:
        """Who opens it late sees what the kernel has kept."""

    def send(self, byte: int) -> None:
        """Bytes nobody reads are dropped once the kernel's buffer is full, as on a wire."""
        with contextlib.suppress(BlockingIOError):
            os.write(self._master, bytes((byte,)))

    def receive(self) -> bytes:
        """Typed bytes."""
        try:
            return os.read(self._master, 4096)
        except BlockingIOError:
            return b""

    def close(self) -> None:
        """Close both ends."""
        os.close(self._master)
        os.close(self._slave)


class TcpPort:
    """A server on 127.0.0.1; any number of clients see the output, all may type.

    Args:
        port: 0 for any that is free.
        wait_seconds: how long ``wait`` waits for the first client; 0: not at all.
    """

    def __init__(self, port: int, wait_seconds: float = 0.0) -> None:
        self._server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._server.bind(("127.0.0.1", port))
        except OSError as error:
            self._server.close()
            raise CrosscamError(
                f"cannot listen on 127.0.0.1:{port}: {error.strerror}; choose another port, 0 for any"
            ) from error
        self._server.listen()
        self._server.setblocking(False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._server, selectors.EVENT_READ)
        self._clients: dict[socket.socket, bytearray] = {}  # what each has not taken yet
        self._wait_seconds = wait_seconds
        self.description = f"tcp://127.0.0.1:{self._server.getsockname()[1]}"

    def wait(self) -> None:
        """Until the first client has come; CrosscamError when none does in time."""
        if not self._wait_seconds:
            return
        deadline = time.monotonic() + self._wait_seconds
        while not self._clients:
            left = deadline - time.monotonic()
            if left <= 0:
                raise CrosscamError(
                    f"nobody connected to {self.description} within {self._wait_seconds:g} s; connect a client such as "
                    "telnet in time, or leave out ,wait"
                )
            if self._selector.select(timeout=left):
                self._accept()

    def send(self, byte: int) -> None:
        """To every client; one that hung up is forgotten."""
        for client, backlog in tuple(self._clients.items()):
            backlog.append(byte)
            if len(backlog) > _BACKLOG:  # nobody reads it
                del backlog[: -_BACKLOG // 2]
            if len(backlog) == 1 or byte == _LINE_FEED:
                self._flush(client)

    def _flush(self, client: socket.socket) -> None:
        backlog = self._clients[client]
        try:
            while backlog:
                del backlog[: client.send(backlog)]
        except BlockingIOError:
            return
        except OSError:
            self._drop(client)

    def _accept(self) -> None:
        with contextlib.suppress(BlockingIOError):
            client, _address = self._server.accept()
            client.setblocking(False)
            self._clients[client] = bytearray()
            self._selector.register(client, selectors.EVENT_READ)

    def receive(self) -> bytes:
        """Accept waiting clients and collect what all of them typed."""
        typed = bytearray()
        for key, _ in self._selector.select(timeout=0):
            if key.fileobj is self._server:
                self._accept()
                continue
            client = key.fileobj
            assert isinstance(client, socket.socket)
            try:
                data = client.recv(4096)
            except BlockingIOError:
                continue
            except OSError:
                data = b""
            if data:
                typed += data
            else:
                self._drop(client)
        for client in tuple(self._clients):
            self._flush(client)
        return bytes(typed)

    @property
    def client_count(self) -> int:
        """Clients connected now."""
        return len(self._clients)

    def _drop(self, client: socket.socket) -> None:
        self._selector.unregister(client)
        del self._clients[client]
        client.close()

    def close(self) -> None:
        """Hang up on everybody; who is slow has a second to take the rest."""
        for client in tuple(self._clients):
            client.settimeout(_LAST_SECONDS)
            self._flush(client)
            if client in self._clients:
                self._drop(client)
        self._selector.close()
        self._server.close()


def open_port(spelling: str) -> UartPort:
    """The port that ``--uart`` names (``FORMS``). CrosscamError when it cannot be had."""
    if spelling == "pty":
        return PtyPort()
    kind, colon, rest = spelling.partition(":")
    if colon and kind == "tcp":
        return _open_tcp(spelling, rest)
    if not spelling or (colon and _SCHEME.fullmatch(kind)):
        raise CrosscamError(f"--uart {spelling}: expected {FORMS} (one with a colon in its name: ./{spelling or 'x'})")
    return FilePort(Path(spelling))


def _open_tcp(spelling: str, rest: str) -> TcpPort:
    number, comma, option = rest.partition(",")
    if not (number.isascii() and number.isdecimal()) or len(number) > 5 or int(number) > 65535:
        raise CrosscamError(f"--uart {spelling}: the port must be a number from 0 to 65535, for example tcp:3456")
    found = _WAIT.fullmatch(option)
    if comma and found is None:
        raise CrosscamError(
            f"--uart {spelling}: expected tcp:{number}, tcp:{number},wait or tcp:{number},wait=SECONDS (1 to 86400)"
        )
    return TcpPort(int(number), float(found[1] or WAIT_SECONDS) if found is not None else 0.0)
