"""General queries: what the server has, threads, descriptions, checksums, monitor commands (GDB manual E.4)."""

from __future__ import annotations

import zlib
from collections.abc import Callable

from sim.engine.observe.gdb.debuggee import Debuggee, Features, Interrupted
from sim.engine.observe.gdb.memory_map import memory_map
from sim.engine.observe.gdb.packets import LARGEST
from sim.engine.observe.gdb.registers import target_description
from sim.engine.observe.gdb.wire import BAD, FAILED, OK, hexadecimal, number
from sim.errors import CrosscamError

_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
LARGEST_CHECK = 1 << 28
"""Bytes that one checksum is computed of."""
_CHECKED_AT_ONCE = 1 << 16


class Queries:
    """Answers packets that begin with q. ``understood``: what of the server's replies the client has said to know."""

    def __init__(
        self, debuggee: Debuggee, features: Features, interrupted: Interrupted, say: Callable[[str], None]
    ) -> None:
        self._debuggee, self._features, self._interrupted, self._say = debuggee, features, interrupted, say
        self.understood: set[str] = set()
        self._documents = {
            b"features": (b"target.xml", target_description(features.floats).encode()),
            b"memory-map": (b"", memory_map(features.areas).encode()),
        }
        self._threads: list[bytes] = []

    def query(self, rest: bytes) -> bytes:
        """The answer; empty: the query is not known."""
        mark = b"," if rest.startswith((b"Rcmd,", b"ThreadExtraInfo,")) else b":"
        name, _, arguments = rest.partition(mark)
        found = {
            b"Supported": self._supported,
            b"Xfer": self._transfer,
            b"CRC": self._checksum,
            b"Rcmd": self._command,
            b"ThreadExtraInfo": self._describe_thread,
        }.get(name)
        if found is not None:
            return found(arguments)
        if rest == b"C":
            return b"QC%x" % self._debuggee.contexts()[0].number
        if rest == b"fThreadInfo":
            return b"m" + b",".join(b"%x" % each.number for each in self._debuggee.contexts())
        if rest == b"sThreadInfo":
            return b"l"
        if rest == b"Attached":
            return b"1"
        if rest == b"Symbol::":
            return OK
        return b""

    def _supported(self, arguments: bytes) -> bytes:
        known = {
            each.removesuffix(b"+").decode("ascii", "replace") for each in arguments.split(b";") if each[-1:] == b"+"
        }
        self.understood = known & {"swbreak", "hwbreak"}
        offered = [
            f"PacketSize={LARGEST:x}", "QStartNoAckMode+", "qXfer:features:read+", "qXfer:memory-map:read+",
            "vContSupported+", "swbreak+", "hwbreak+",
        ]  # fmt: skip
        if self._features.reverse:
            offered += ["ReverseStep+", "ReverseContinue+"]
        return ";".join(offered).encode()

    def _transfer(self, arguments: bytes) -> bytes:
        kind, _, rest = arguments.partition(b":")
        if kind not in self._documents:
            return b""
        operation, annex, place = rest.split(b":")  # ValueError: as any packet that is none
        known_annex, document = self._documents[kind]
        if operation != b"read" or annex != known_annex:
            return b"E00"
        offset, _, length = place.partition(b",")
        first = number(offset)
        part = document[first : first + min(number(length), LARGEST - 8)]
        return (b"m" if first + len(part) < len(document) else b"l") + part

    def _checksum(self, arguments: bytes) -> bytes:
        """CRC-32 as GDB has it: polynomial 0x04C11DB7, bits not mirrored, no complement at the end."""
        start, _, length = arguments.partition(b",")
        address, left = number(start), number(length)
        if left > LARGEST_CHECK:
            return BAD
        crc = 0
        while left:
            data = self._debuggee.read_memory(address, min(left, _CHECKED_AT_ONCE))
            if not data:
                return FAILED
            crc = zlib.crc32(data.translate(_MIRRORED), crc)
            address, left = address + len(data), left - len(data)
        return b"C%x" % int(f"{crc ^ 0xFFFFFFFF:032b}"[::-1], 2)

    def _command(self, arguments: bytes) -> bytes:
        text = hexadecimal(arguments).decode("utf-8", "replace")
        try:
            printed = self._debuggee.command(text.strip(), self._interrupted)
        except CrosscamError as error:
            printed = str(error)
        if printed:
            self._say(printed + "\n")
        return OK

    def _describe_thread(self, arguments: bytes) -> bytes:
        wanted = number(arguments)
        names = [each.name for each in self._debuggee.contexts() if each.number == wanted]
        return names[0].encode().hex().encode() if names else BAD
