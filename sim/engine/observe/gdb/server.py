"""Serves one debuggee to one client after the other over TCP, on this computer only."""

from __future__ import annotations

import contextlib
import select
import socket
import time
from collections import deque
from collections.abc import Callable

from sim.engine.observe.gdb.debuggee import Debuggee
from sim.engine.observe.gdb.packets import Packet, PacketReader, Sign, framed
from sim.engine.observe.gdb.stub import Stub
from sim.errors import CrosscamError, shown

LOOPBACK = ("127.0.0.1", "localhost", "")
_READ = 1 << 16
_SEND_SECONDS = 10.0
"""A client that takes nothing for so long is gone."""
_RESENT_AT_MOST = 5
_LOOK_SECONDS = 0.2


def parse_address(text: str) -> int:
    """The port in ``PORT``, ``:PORT`` or ``localhost:PORT``; 0 picks a free one.

    Raises:
        CrosscamError: another host, or no port.
    """
    host, _, port = text.rpartition(":")
    if host not in LOOPBACK:
        raise CrosscamError(
            f"{shown(text)}: debuggers are served on this computer only: expected a port, such as :3333"
        )
    if not (port.isascii() and port.isdecimal() and int(port[:6]) <= 0xFFFF):
        raise CrosscamError(f"{shown(text)}: no TCP port: expected 0 to 65535, such as :3333 (:0 picks one)")
    return int(port)


class GdbServer:
    """Listens from the beginning; ``serve`` answers. Close it."""

    def __init__(self, port: int, debuggee: Debuggee) -> None:
        self._debuggee = debuggee
        self._runs = False
        try:
            self._listener = socket.create_server(("127.0.0.1", port))
        except OSError as error:
            raise CrosscamError(
                f"TCP port {port}: {error.strerror or error}: expected a free one (:0 picks one)"
            ) from None
        self.port: int = self._listener.getsockname()[1]

    def close(self) -> None:
        """Listen no more."""
        self._listener.close()

    @property
    def is_called(self) -> bool:
        """A client waits to be served."""
        return bool(select.select([self._listener], [], [], 0)[0])

    def accept(self, seconds: float) -> socket.socket | None:
        """The next client, if one comes within ``seconds``."""
        if not select.select([self._listener], [], [], seconds)[0]:
            return None
        return self._listener.accept()[0]

    def serve(self, until: float | None = None) -> bool:
        """Wait for a client and serve it until it leaves; a machine that was detached from runs while it waits.

        ``until``: the moment of ``time.monotonic`` to give up at; False when it has come.
        """
        if self._runs:
            self._debuggee.resume(lambda: self.is_called or (until is not None and time.monotonic() >= until))
        while (connection := self.accept(_LOOK_SECONDS)) is None:
            if until is not None and time.monotonic() >= until:
                return False
        with connection:
            session = Session(connection, self._debuggee, until)
            session.run()
        self._runs = session.detached
        return True


class Session:
    """One client, until it leaves. ``detached``: it wants the machine to run on."""

    def __init__(self, connection: socket.socket, debuggee: Debuggee, until: float | None = None) -> None:
        connection.settimeout(_SEND_SECONDS)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connection = connection
        self._until = until
        self._reader = PacketReader()
        self._waiting: deque[Packet | Sign] = deque()
        self._stub = Stub(debuggee, self._is_interrupted, self._say)
        self._gone = False
        self._sent, self._resent = b"", 0

    @property
    def detached(self) -> bool:
        """It has left and wants the machine to run on."""
        return self._stub.detached

    def run(
        self,
        turn: Callable[[], contextlib.AbstractContextManager[None]] = contextlib.nullcontext,
        closed: Callable[[], bool] = lambda: False,
    ) -> None:
        """Answer packets, each in a ``turn``, until the client leaves or ``closed`` says so."""
        while not self._gone and not self._stub.ended and not self._is_late and not closed():
            if self._waiting:
                with turn():
                    self._take(self._waiting.popleft())
            else:
                self._receive(_LOOK_SECONDS)

    @property
    def _is_late(self) -> bool:
        return self._until is not None and time.monotonic() >= self._until

    def _take(self, come: Packet | Sign) -> None:
        if isinstance(come, Packet):
            if self._stub.acknowledged:
                self._send(b"+")
            self._reply(self._stub.answer(come.data))
        elif come is Sign.DAMAGED and self._stub.acknowledged:
            self._send(b"-")
        elif come is Sign.AGAIN and self._resent < _RESENT_AT_MOST:
            self._resent += 1
            self._send(self._sent)

    def _reply(self, data: bytes) -> None:
        self._sent, self._resent = framed(data), 0
        self._send(self._sent)

    def _say(self, text: str) -> None:
        data = text.encode()
        for start in range(0, len(data), 1000):
            self._send(framed(b"O" + data[start : start + 1000].hex().encode()))

    def _send(self, data: bytes) -> None:
        try:
            self._connection.sendall(data)
        except OSError:
            self._gone = True

    def _receive(self, seconds: float) -> None:
        if not select.select([self._connection], [], [], seconds)[0]:
            return
        data = b""
        with contextlib.suppress(OSError):
            data = self._connection.recv(_READ)
        self._gone |= not data
        self._waiting.extend(self._reader.feed(data))

    def _is_interrupted(self) -> bool:
        """While the machine runs a client says Ctrl-C or nothing."""
        self._receive(0)
        if Sign.INTERRUPT in self._waiting:
            self._waiting.remove(Sign.INTERRUPT)
            return True
        return self._gone or self._is_late
