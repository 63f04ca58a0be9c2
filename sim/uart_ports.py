"""Host ends of the board's UART: a pseudo terminal, a TCP port on loopback, a file.

Each port is fed with the bytes the board sends and polled for bytes the user typed; none of them ever blocks the
simulation. ``open_port`` reads the spelling of the command line: ``pty``, ``tcp:PORT`` or a file name.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import socket
from pathlib import Path
from typing import Protocol

from sim.errors import CrosscamError
from sim.files import whole


class UartPort(Protocol):
    """One host end of the UART."""

    @property
    def description(self) -> str:
        """What to tell the user: the path or address to connect to."""

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
    """A server on 127.0.0.1; any number of clients see the output, all may type."""

    def __init__(self, port: int) -> None:
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
        self._clients: list[socket.socket] = []
        self.description = f"tcp://127.0.0.1:{self._server.getsockname()[1]}"

    def send(self, byte: int) -> None:
        """To every client; one that hung up is forgotten."""
        for client in tuple(self._clients):
            try:
                client.send(bytes((byte,)))
            except BlockingIOError:
                continue
            except OSError:
                self._drop(client)

    def receive(self) -> bytes:
        """Accept waiting clients and collect what all of them typed."""
        typed = bytearray()
        for key, _ in self._selector.select(timeout=0):
            if key.fileobj is self._server:
                client, _address = self._server.accept()
                client.setblocking(False)
                self._clients.append(client)
                self._selector.register(client, selectors.EVENT_READ)
                continue
            client = key.fileobj  # type: ignore[assignment]
            try:
                data = client.recv(4096)
            except OSError:
                data = b""
            if data:
                typed += data
            else:
                self._drop(client)
        return bytes(typed)

    @property
    def client_count(self) -> int:
        """Clients connected now."""
        return len(self._clients)

    def _drop(self, client: socket.socket) -> None:
        self._selector.unregister(client)
        self._clients.remove(client)
        client.close()

    def close(self) -> None:
        """Hang up on everybody."""
        for client in tuple(self._clients):
            self._drop(client)
        self._selector.close()
        self._server.close()


def open_port(spelling: str) -> UartPort:
    """The port that ``--uart`` names: ``pty``, ``tcp:PORT`` or a file. CrosscamError when it cannot be had."""
    if spelling == "pty":
        return PtyPort()
    if spelling.startswith("tcp:"):
        number = spelling.removeprefix("tcp:")
        if not number.isdecimal() or int(number) > 65535:
            raise CrosscamError(f"--uart {spelling}: the port must be a number from 0 to 65535, for example tcp:3456")
        return TcpPort(int(number))
    return FilePort(Path(spelling))
