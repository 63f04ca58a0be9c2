"""A client of the GDB remote protocol for tests: packets out, answers in, every wait bounded."""

from __future__ import annotations

import re
import socket
from types import TracebackType

SECONDS = 60.0


class RspClient:
    """Connected to ``port`` of this computer, acknowledgements off unless told otherwise."""

    def __init__(self, port: int, acknowledged: bool = False) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), SECONDS)
        self._buffer = bytearray()
        self._acknowledged = True
        self.console = ""
        if not acknowledged:
            assert self.ask("QStartNoAckMode") == "OK"
            self._acknowledged = False

    def __enter__(self) -> RspClient:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._socket.close()

    def send(self, data: bytes) -> None:
        """Raw bytes."""
        self._socket.sendall(data)

    def start(self, packet: str | bytes) -> None:
        """Send a packet without waiting for its answer."""
        data = packet.encode() if isinstance(packet, str) else packet
        data = re.sub(rb"[}$#*]", lambda found: bytes((0x7D, found[0][0] ^ 0x20)), data)
        self.send(b"$%s#%02x" % (data, sum(data) & 0xFF))

    def ask(self, packet: str | bytes) -> str:
        """The answer to a packet; what the server says on the console meanwhile goes to ``console``."""
        self.start(packet)
        return self.answer()

    def answer(self) -> str:
        """The next answer."""
        while True:
            data = self._packet()
            if re.fullmatch(rb"O([0-9a-f]{2})+", data):
                self.console += bytes.fromhex(data[1:].decode()).decode()
            else:
                return data.decode("latin-1")

    def _packet(self) -> bytes:
        while not (found := re.match(rb"[+-]*\$([^#]*)#([0-9a-f]{2})", bytes(self._buffer))):
            more = self._socket.recv(1 << 16)
            assert more, "the server has gone"
            self._buffer += more
        del self._buffer[: found.end()]
        if self._acknowledged:
            self.send(b"+")
        data = found[1]
        assert int(found[2], 16) == sum(data) & 0xFF
        return re.sub(rb"}(.)", lambda escape: bytes((escape[1][0] ^ 0x20,)), data, flags=re.DOTALL)

    # What sessions ask again and again

    def register(self, number: int) -> int:
        """The register GDB numbers so."""
        return int.from_bytes(bytes.fromhex(self.ask(f"p{number:x}")), "little")

    @property
    def pc(self) -> int:
        return self.register(15)

    def memory(self, address: int, count: int) -> bytes:
        """Bytes of memory."""
        return bytes.fromhex(self.ask(f"m{address:x},{count:x}"))

    def word(self, address: int) -> int:
        """A word of memory."""
        return int.from_bytes(self.memory(address, 4), "little")

    def monitor(self, text: str) -> str:
        """What ``monitor TEXT`` prints."""
        self.console = ""
        assert self.ask(f"qRcmd,{text.encode().hex()}") == "OK"
        return self.console.strip()
