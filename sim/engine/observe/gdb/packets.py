"""Packets of the GDB remote serial protocol as bytes (GDB manual E.1): ``$data#checksum``, acknowledgements, Ctrl-C."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator
from dataclasses import dataclass

LARGEST = 0x4000
"""Bytes of a packet's data at most, as told to the client (``PacketSize``)."""
_ESCAPE, _START, _END = b"}$#"
_INTERRUPT, _CHANGED = 0x03, 0x20
_SPECIAL = re.compile(rb"[}$#*]")
_ESCAPED = re.compile(rb"}(.?)", re.DOTALL)


class Sign(enum.Enum):
    """What comes between packets."""

    RECEIVED = "+"
    AGAIN = "-"
    INTERRUPT = "Ctrl-C"
    DAMAGED = "a packet with a wrong checksum"


@dataclass(frozen=True)
class Packet:
    """The data of one whole packet, escapes undone."""

    data: bytes


class PacketReader:
    """Takes the client's bytes as they come; gives packets and signs in order. What is neither is dropped."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Packet | Sign]:
        """All that is complete with ``data``."""
        self._buffer += data
        while self._buffer:
            first = self._buffer[0]
            if first == _START:
                end = self._buffer.find(_END)
                if end < 0 or len(self._buffer) < end + 3:
                    if len(self._buffer) > 2 * LARGEST + 4:  # escaped, data has twice its size at most
                        self._buffer.clear()
                        yield Sign.DAMAGED
                    return
                body, checksum = bytes(self._buffer[1:end]), bytes(self._buffer[end + 1 : end + 3])
                del self._buffer[: end + 3]
                yield Packet(unescaped(body)) if checksum.lower() == _checksum(body) else Sign.DAMAGED
                continue
            del self._buffer[0]
            if first == _INTERRUPT:
                yield Sign.INTERRUPT
            elif first == ord("+"):
                yield Sign.RECEIVED
            elif first == ord("-"):
                yield Sign.AGAIN


def framed(data: bytes) -> bytes:
    """``data`` as the packet that carries it."""
    body = escaped(data)
    return b"$" + body + b"#" + _checksum(body)


def escaped(data: bytes) -> bytes:
    """Bytes that mean something to the protocol as ``}`` and themselves with bit 5 changed."""
    return _SPECIAL.sub(lambda found: bytes((_ESCAPE, found[0][0] ^ _CHANGED)), data)


def unescaped(data: bytes) -> bytes:
    """The inverse of ``escaped``; a ``}`` at the end is dropped."""
    return _ESCAPED.sub(lambda found: bytes(each ^ _CHANGED for each in found[1]), data)


def _checksum(body: bytes) -> bytes:
    return b"%02x" % (sum(body) & 0xFF)
