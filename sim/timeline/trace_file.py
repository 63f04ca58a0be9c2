"""Perfetto's trace format (perfetto.dev, "Writing TrackEvent protos"), written packet by packet.

Times are nanoseconds of the board's clock. A name is written once and then referred to by its number (interned data).
"""

from __future__ import annotations

from typing import Any

from sim.text import printable

_SEQUENCE = 1
_CLEARED = 1  # SEQ_INCREMENTAL_STATE_CLEARED
_NEEDED = 2  # SEQ_NEEDS_INCREMENTAL_STATE
_SLICE_BEGIN, _SLICE_END, _INSTANT, _COUNTER = 1, 2, 3, 4
_UNSPECIFIED, _EXPLICIT = 0, 3
_BYTES = 3  # CounterDescriptor.Unit
_CHUNK = 1 << 12
"""Packets that are turned into bytes together."""
LONGEST_NAME = 200


class TraceFile:
    """Collects packets; ``content`` is the file. Tracks are numbered by ``track`` and ``counter``."""

    def __init__(self) -> None:
        from perfetto.protos.perfetto.trace.perfetto_trace_pb2 import Trace

        self._trace_type: Any = Trace
        self._trace = Trace()
        self._parts: list[bytes] = []
        self._names: dict[str, int] = {}
        self._tracks = 0
        self._is_first = True

    def _packet(self) -> Any:
        if len(self._trace.packet) >= _CHUNK:
            self._parts.append(self._trace.SerializeToString())
            self._trace = self._trace_type()
        packet = self._trace.packet.add()
        packet.trusted_packet_sequence_id = _SEQUENCE
        packet.sequence_flags = _CLEARED | _NEEDED if self._is_first else _NEEDED
        self._is_first = False
        return packet

    def track(self, name: str, parent: int = 0, rank: int = 0) -> int:
        """A new track below ``parent`` (0: at the top), at place ``rank`` among its neighbours."""
        return int(self._described(name, parent, rank).uuid)

    def counter(self, name: str, parent: int = 0, is_bytes: bool = False) -> int:
        """A new track of values."""
        descriptor = self._described(name, parent, 0)
        descriptor.counter.unit = _BYTES if is_bytes else _UNSPECIFIED
        return int(descriptor.uuid)

    def _described(self, name: str, parent: int, rank: int) -> Any:
        self._tracks += 1
        descriptor = self._packet().track_descriptor
        descriptor.uuid = self._tracks
        descriptor.name = printable(name, LONGEST_NAME)
        if parent:
            descriptor.parent_uuid = parent
        descriptor.child_ordering = _EXPLICIT
        descriptor.sibling_order_rank = rank
        return descriptor

    def _event(self, kind: int, track: int, nanoseconds: int, name: str = "") -> Any:
        packet = self._packet()
        packet.timestamp = nanoseconds
        event = packet.track_event
        event.type = kind
        event.track_uuid = track
        if name:
            number = self._names.get(name)
            if number is None:
                number = self._names[name] = len(self._names) + 1
                entry = packet.interned_data.event_names.add()
                entry.iid, entry.name = number, printable(name, LONGEST_NAME)
            event.name_iid = number
        return event

    def begin(self, track: int, nanoseconds: int, name: str, **notes: int | str) -> None:
        """Something begins; ``notes`` are shown with it."""
        self._annotate(self._event(_SLICE_BEGIN, track, nanoseconds, name), notes)

    def end(self, track: int, nanoseconds: int) -> None:
        """What has begun last on this track, and not ended, ends."""
        self._event(_SLICE_END, track, nanoseconds)

    def instant(self, track: int, nanoseconds: int, name: str, **notes: int | str) -> None:
        """Something happens that takes no time."""
        self._annotate(self._event(_INSTANT, track, nanoseconds, name), notes)

    def value(self, track: int, nanoseconds: int, value: int) -> None:
        """A counter's value from here on."""
        self._event(_COUNTER, track, nanoseconds).counter_value = value

    @staticmethod
    def _annotate(event: Any, notes: dict[str, int | str]) -> None:
        for key, value in notes.items():
            note = event.debug_annotations.add()
            note.name = key
            if isinstance(value, int):
                note.int_value = value
            else:
                note.string_value = printable(value, LONGEST_NAME)

    @property
    def content(self) -> bytes:
        """The whole file."""
        return b"".join([*self._parts, self._trace.SerializeToString()])
