"""Timelines, read back by the format's own classes."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from perfetto.protos.perfetto.trace.perfetto_trace_pb2 import Trace, TrackEvent

from sim.engine.machine import Machine
from sim.profile.profiler import Profile, Profiler
from sim.tests.profile_bench import booted, built
from sim.timeline.timeline import Timeline
from sim.timeline.trace_file import TraceFile


@dataclass
class Track:
    """What a viewer makes of one track: slices as (name, begin, end, depth), in nanoseconds."""

    name: str = ""
    parent: int = 0
    slices: list[tuple[str, int, int, int]] = field(default_factory=list)
    instants: list[tuple[str, int]] = field(default_factory=list)
    values: list[int] = field(default_factory=list)
    opened: list[tuple[str, int]] = field(default_factory=list)


def read(content: bytes) -> dict[str, Track]:
    """Tracks by name; every slice is closed, and none before it began."""
    trace = Trace()
    trace.ParseFromString(content)
    tracks: dict[int, Track] = defaultdict(Track)
    names: dict[int, str] = {}
    for packet in trace.packet:
        for entry in packet.interned_data.event_names:
            names[entry.iid] = entry.name
        if packet.HasField("track_descriptor"):
            described = packet.track_descriptor
            tracks[described.uuid].name, tracks[described.uuid].parent = described.name, described.parent_uuid
            continue
        event, track = packet.track_event, tracks[packet.track_event.track_uuid]
        name = names.get(event.name_iid, "")
        if event.type == TrackEvent.TYPE_SLICE_BEGIN:
            track.opened.append((name, packet.timestamp))
        elif event.type == TrackEvent.TYPE_SLICE_END:
            begun, since = track.opened.pop()
            assert packet.timestamp >= since
            track.slices.append((begun, since, packet.timestamp, len(track.opened)))
        elif event.type == TrackEvent.TYPE_INSTANT:
            track.instants.append((name, packet.timestamp))
        else:
            track.values.append(event.counter_value)
    assert not any(track.opened for track in tracks.values()) and "" not in {track.name for track in tracks.values()}
    return {track.name: track for track in tracks.values()}


class Recorded:
    def __init__(self, elf: Path) -> None:
        machine: Machine = booted(elf, "cortex-m7")
        profiler = Profiler(machine)
        timeline = Timeline(profiler)
        machine.run_until(lambda: bool(machine.cpu.sleeping), 0.01)
        timeline.mark("asleep <now>")
        for byte in b"first\r\nsec\x1bond\r\n":
            for heard in machine["usart1"].on_char:  # type: ignore[attr-defined]
                heard(byte)
        dma = machine["dma1"].services.sysbus
        dma.write_bytes(0x24000000, bytes(64))
        dma.write(0x24000040, 4, 5)
        machine.run_for(1e-3)
        dma.read_bytes(0x24000000, 8)
        self.profile: Profile = profiler.profile()
        self.content = timeline.content()
        self.tracks = read(self.content)
        self.machine, self.profiler = machine, profiler


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    return Recorded(built("threads.c", tmp_path_factory.mktemp("timeline")))


def test_functions_last_as_long_as_the_profile_says(recorded: Recorded) -> None:
    lasted: dict[str, int] = defaultdict(int)
    for name, begin, end, _ in recorded.tracks["functions"].slices:
        lasted[name] += end - begin
    hertz = recorded.machine.clock.frequency
    for function in recorded.profile.functions:
        if function.name not in ("[start]", "reset_handler", "thread_a", "thread_b", "inner_a", "inner_b", "yield"):
            calls = max(1, function.calls)
            assert lasted[function.name] == pytest.approx(function.total * 1e9 / hertz, abs=2 * calls), function


def test_slices_nest_as_the_calls_do(recorded: Recorded) -> None:
    slices = recorded.tracks["functions"].slices
    for name, begin, end, depth in slices:
        if depth:
            assert any(b <= begin and end <= e and d == depth - 1 for _, b, e, d in slices), name
    assert {name for name, _, _, depth in slices if depth == 0} == {"reset_handler", "[thread 1]"}
    assert {name for name, *_ in slices} >= {"inner_a", "[PendSV]", "switch_threads", "[sleep]"}


def test_exceptions_have_tracks_of_their_own(recorded: Recorded) -> None:
    assert len(recorded.tracks["PendSV"].slices) == 6
    times = recorded.profile.interrupts["PendSV"]
    shortest = min(end - begin for _, begin, end, _ in recorded.tracks["PendSV"].slices)
    assert shortest >= min(times.durations) * 1e9 / recorded.machine.clock.frequency - 1


def test_lines_transfers_marks_and_counters_are_there(recorded: Recorded) -> None:
    assert [name for name, _ in recorded.tracks["usart1"].instants] == ["first", "sec\\x1bond"]
    assert [name for name, _ in recorded.tracks["host"].instants] == ["asleep <now>"]
    assert [name for name, *_ in recorded.tracks["dma1 to axiSram"].slices] == ["68 bytes"]
    assert [name for name, *_ in recorded.tracks["dma1 from axiSram"].slices] == ["8 bytes"]
    assert recorded.tracks["bus bytes, other masters"].values[-1] == 76
    misses = recorded.tracks["code misses"].values
    assert misses == sorted(misses) and misses[-1] == recorded.machine.timing.statistics["code_misses"]  # type: ignore[attr-defined]


def test_nothing_is_observed_behind_its_end(recorded: Recorded) -> None:
    assert not recorded.profiler.traffic.on_moved and not recorded.profiler.contexts.on_change
    recorded.machine.run_for(1e-6)


def test_a_file_of_many_packets_is_whole() -> None:
    trace = TraceFile()
    track = trace.track("t")
    for number in range(10_000):
        trace.begin(track, number, f"n{number % 7}")
        trace.end(track, number + 1)
    (found,) = read(trace.content).values()
    assert len(found.slices) == 10_000 and found.slices[-1] == (f"n{9999 % 7}", 9999, 10_000, 0)
