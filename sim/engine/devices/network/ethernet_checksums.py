"""Checksums an Ethernet controller fills in and checks: IPv4 header, TCP, UDP, ICMP over IPv4 and IPv6."""

from __future__ import annotations

import enum
from dataclasses import dataclass

_IPV4, _IPV6 = 0x0800, 0x86DD
_VLAN = 0x8100
_CHECKSUM_AT = {1: 2, 6: 16, 17: 6, 58: 2}  # protocol: offset of the checksum in its header
_UDP, _ICMP = 17, 1
_FRAGMENT = 0x3FFF


class Insertion(enum.IntEnum):
    """CIC of a transmit descriptor."""

    NONE = 0
    IP_HEADER = 1
    PAYLOAD_WITHOUT_PSEUDO_HEADER = 2
    ALL = 3


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the parts of an IP frame are; ``transport`` is empty where there is no checksum to care for."""

    ip: int
    version: int
    header: slice
    transport: slice
    protocol: int
    pseudo_header: bytes


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a receiver found: 4, 6 or 0 (no IP) as ``version``."""

    version: int = 0
    protocol: int = 0
    header_error: bool = False
    payload_error: bool = False

    @property
    def payload(self) -> int:
        """The payload's kind as receive descriptors number it (RM0090 33.6.8, RM0433 58.10): UDP, TCP, ICMP; 0."""
        return {17: 1, 6: 2, 1: 3, 58: 3}.get(self.protocol, 0) if self.version else 0


def ones_complement_sum(data: bytes) -> int:
    """Folded 16-bit sum of ``data`` (RFC 1071)."""
    if len(data) % 2:
        data += b"\0"
    total = sum(int.from_bytes(data[place : place + 2], "big") for place in range(0, len(data), 2))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def _layout(frame: bytes) -> Layout | None:
    at = 14
    kind = int.from_bytes(frame[12:14], "big")
    if kind == _VLAN:
        kind, at = int.from_bytes(frame[16:18], "big"), 18
    if kind == _IPV4 and len(frame) >= at + 20 and frame[at] >> 4 == 4:
        length = (frame[at] & 0xF) * 4
        total = int.from_bytes(frame[at + 2 : at + 4], "big")
        whole = length >= 20 and length <= total <= len(frame) - at
        fragment = int.from_bytes(frame[at + 6 : at + 8], "big") & _FRAGMENT
        protocol = frame[at + 9]
        end = at + total if whole and not fragment else at + length
        pseudo = frame[at + 12 : at + 20] + bytes([0, protocol]) + (end - at - length).to_bytes(2, "big")
        return Layout(at, 4, slice(at, at + length), slice(at + length, end), protocol, pseudo)
    if kind == _IPV6 and len(frame) >= at + 40:
        length = int.from_bytes(frame[at + 4 : at + 6], "big")
        protocol = frame[at + 6]
        end = at + 40 + length if at + 40 + length <= len(frame) else at + 40
        pseudo = frame[at + 8 : at + 40] + (end - at - 40).to_bytes(4, "big") + bytes([0, 0, 0, protocol])
        return Layout(at, 6, slice(0, 0), slice(at + 40, end), protocol, pseudo)
    return None


def _pseudo_sum(layout: Layout) -> bytes:
    return b"" if layout.protocol == _ICMP else layout.pseudo_header


def fill(frame: bytes, insertion: Insertion) -> bytes:
    """``frame`` with the checksums that ``insertion`` asks for."""
    found = _layout(frame)
    if found is None or insertion is Insertion.NONE:
        return frame
    data = bytearray(frame)
    if found.version == 4:
        data[found.ip + 10 : found.ip + 12] = b"\0\0"
        data[found.ip + 10 : found.ip + 12] = _stored(bytes(data[found.header]))
    at = _CHECKSUM_AT.get(found.protocol)
    segment = data[found.transport]
    if insertion >= Insertion.PAYLOAD_WITHOUT_PSEUDO_HEADER and at is not None and len(segment) >= at + 2:
        start = found.transport.start + at
        if insertion is Insertion.ALL:
            data[start : start + 2] = b"\0\0"
            summed = _pseudo_sum(found) + bytes(data[found.transport])
        else:  # the stack has put the pseudo header's sum there
            summed = bytes(segment)
        value = _stored(summed)
        data[start : start + 2] = b"\xff\xff" if found.protocol == _UDP and value == b"\0\0" else value
    return bytes(data)


def _stored(data: bytes) -> bytes:
    return (~ones_complement_sum(data) & 0xFFFF).to_bytes(2, "big")


def check(frame: bytes) -> Verdict:
    """What the receiver's checksum engine says of ``frame`` (no FCS at its end)."""
    found = _layout(frame)
    if found is None:
        return Verdict()
    header_error = found.version == 4 and (
        len(frame[found.header]) < 20 or ones_complement_sum(frame[found.header]) != 0xFFFF
    )
    at = _CHECKSUM_AT.get(found.protocol)
    segment = frame[found.transport]
    payload_error = False
    if not header_error and at is not None and len(segment) >= at + 2:
        unchecked = found.protocol == _UDP and segment[at : at + 2] == b"\0\0"
        payload_error = not unchecked and ones_complement_sum(_pseudo_sum(found) + segment) != 0xFFFF
    return Verdict(found.version, found.protocol, header_error, payload_error)
