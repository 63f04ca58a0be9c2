"""What lies in the message RAM of an M_CAN: transmit and receive elements, transmit events, filters.

RM0433 section 56.3.20 to 56.3.26, as in Bosch's manual (M_CAN user's manual 3.3, section 2.4).
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from sim.engine.devices.network.can_bus import FD_LENGTHS, CanFrame

DATA_SIZES = (8, 12, 16, 20, 24, 32, 48, 64)
"""Bytes of an element's data field, by its code in RXESC and TXESC."""
HEADER = 8
_PADDING = 0xCC  # sent for bytes that the element has no room for


@dataclass(frozen=True, slots=True)
class TransmitElement:
    """A transmit buffer: the frame, what the event gets, and whether one is wanted."""

    frame: CanFrame
    marker: int
    wants_event: bool
    error_state: bool

    @staticmethod
    def parse(data: bytes, flexible: bool, switching: bool) -> TransmitElement:
        """``data``: header and data field; ``flexible``, ``switching``: whether the controller may send so."""
        first, second = int.from_bytes(data[:4], "little"), int.from_bytes(data[4:8], "little")
        extended, remote = bool(first & 1 << 30), bool(first & 1 << 29)
        is_flexible = flexible and bool(second & 1 << 21)
        count = FD_LENGTHS[second >> 16 & 0xF]
        if not is_flexible:
            count = min(count, 8)
        content = data[HEADER : HEADER + count].ljust(count, bytes([_PADDING]))
        frame = CanFrame(
            first & 0x1FFFFFFF if extended else first >> 18 & 0x7FF,
            b"" if remote else content,
            extended,
            remote,
            is_flexible,
            is_flexible and switching and bool(second & 1 << 20),
            count,
        )
        return TransmitElement(frame, second >> 24, bool(second & 1 << 23), bool(first >> 31))

    def event(self, timestamp: int) -> bytes:
        """The element of the transmit event FIFO."""
        return _identifier(self.frame, self.error_state) + _details(self.frame, self.marker << 24 | 1 << 22 | timestamp)


def receive_element(frame: CanFrame, filter_index: int | None, timestamp: int, size: int) -> bytes:
    """An element of ``size`` data bytes; ``filter_index`` None: accepted without a match."""
    where = 1 << 31 if filter_index is None else filter_index << 24
    return _identifier(frame, False) + _details(frame, where | timestamp) + frame.data[:size]


def _identifier(frame: CanFrame, error_state: bool) -> bytes:
    identifier = frame.identifier if frame.extended else frame.identifier << 18
    return (error_state << 31 | frame.extended << 30 | frame.remote << 29 | identifier).to_bytes(4, "little")


def _details(frame: CanFrame, rest: int) -> bytes:
    return (rest | frame.flexible << 21 | frame.fast << 20 | frame.data_length_code << 16).to_bytes(4, "little")


class Action(enum.IntEnum):
    """SFEC, EFEC: what a matching filter does."""

    DISABLED = 0
    FIFO_0 = 1
    FIFO_1 = 2
    REJECT = 3
    PRIORITY = 4
    PRIORITY_FIFO_0 = 5
    PRIORITY_FIFO_1 = 6
    BUFFER = 7


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter element. ``kind``: 0 range, 1 two identifiers, 2 identifier and mask, 3 range without the AND mask
    (extended) or disabled (standard)."""

    action: Action
    kind: int
    first: int
    second: int
    extended: bool

    @staticmethod
    def standard(word: int) -> Filter:
        """A standard filter element."""
        return Filter(Action(word >> 27 & 7), word >> 30, word >> 16 & 0x7FF, word & 0x7FF, False)

    @staticmethod
    def for_extended(first: int, second: int) -> Filter:
        """An extended filter element."""
        return Filter(Action(first >> 29), second >> 30, first & 0x1FFFFFFF, second & 0x1FFFFFFF, True)

    def matches(self, identifier: int, mask: int = 0x1FFFFFFF) -> bool:
        """Whether this filter takes ``identifier``; ``mask``: XIDAM, for extended ones."""
        if self.action is Action.DISABLED or (self.kind == 3 and not self.extended):
            return False
        if self.extended and self.kind != 3:
            identifier &= mask
        if self.action is Action.BUFFER:
            return identifier == self.first
        if self.kind in (0, 3):
            return self.first <= identifier <= self.second
        if self.kind == 1:
            return identifier in (self.first, self.second)
        return (identifier ^ self.first) & self.second == 0
