"""The timeline of a profiled run: one track for what the core runs, others for what happens beside it."""

from __future__ import annotations

import bisect
from collections.abc import Iterable

from sim.engine.cortex_m.exceptions import name_of
from sim.engine.observe.record.function_map import FunctionMap
from sim.engine.observe.record.names import node_name
from sim.engine.observe.record.recorder import EXCEPTION, present
from sim.engine.observe.timeline.function_log import FunctionLog
from sim.engine.observe.timeline.happenings import Happenings
from sim.profile.profiler import Profiler
from sim.timeline.trace_file import TraceFile


class Timeline:
    """Begins when it is made; ``content`` ends it.

    Attributes:
        is_complete: nothing had to be left out.
    """

    def __init__(self, profiler: Profiler) -> None:
        self._profiler = profiler
        self._recorder = profiler.recorder
        self._state = profiler.machine.engine.state
        self._functions = FunctionLog(profiler.recorder, profiler.contexts)
        self._happenings = Happenings(profiler.machine, profiler.contexts, profiler.traffic)
        self._marks: list[tuple[int, str]] = []
        self.is_complete = True

    def mark(self, name: str) -> None:
        """Something the host wants to be seen, now."""
        self._marks.append((present(self._state), name))

    def content(self) -> bytes:
        """The file, in Perfetto's format; nothing more is observed."""
        end = present(self._state)
        self._happenings.close()
        changes = self._functions.changes().tolist()
        self._functions.close()
        self.is_complete = self._functions.is_complete
        trace = TraceFile()
        core = trace.track("core", rank=1)
        self._add_functions(trace, trace.track("functions", core, 1), changes, end)
        self._add_exceptions(trace, core, changes, end)
        if self._profiler.layers:
            self._add_layers(trace, trace.track("network layers", rank=0), changes, end)
        self._add_transfers(trace)
        self._add_lines(trace)
        marks = trace.track("host", rank=4)
        for cycle, name in self._marks:
            trace.instant(marks, self._at(cycle), name, cycle=cycle)
        self._add_counters(trace)
        return trace.content

    def _at(self, cycle: int) -> int:
        """Nanoseconds since power-on at ``cycle``, by the clock the core had then."""
        clocks = self._happenings.clocks
        place = max(0, bisect.bisect_right(clocks, cycle, key=lambda each: each[0]) - 1)
        start, seconds, hertz = clocks[place]
        return max(0, round(seconds * 1e9 + (cycle - start) * 1e9 / hertz))

    def _add_functions(self, trace: TraceFile, track: int, changes: Iterable[list[int]], end: int) -> None:
        """Each node's path is open while it, or what it called, runs."""
        names = FunctionMap(self._profiler.machine.symbols)
        paths: dict[int, tuple[int, ...]] = {0: ()}
        opened: tuple[int, ...] = ()
        for cycle, node, _ in changes:
            path = self._path(node, paths)
            common = 0
            while common < min(len(path), len(opened)) and path[common] == opened[common]:
                common += 1
            now = self._at(cycle)
            for _ in opened[common:]:
                trace.end(track, now)
            for each in path[common:]:
                trace.begin(track, now, node_name(self._recorder.nodes[each][1], names))
            opened = path
        for _ in opened:
            trace.end(track, self._at(end))

    def _path(self, node: int, paths: dict[int, tuple[int, ...]]) -> tuple[int, ...]:
        """The node and those above it, outermost first."""
        above: list[int] = []
        while node not in paths:
            above.append(node)
            node = self._recorder.nodes[node][0]
        for each in reversed(above):
            paths[each] = (*paths[node], each)
            node = each
        return paths[node]

    def _add_exceptions(self, trace: TraceFile, core: int, changes: Iterable[list[int]], end: int) -> None:
        """A track for each exception that was taken, beside the functions it ran."""
        paths: dict[int, tuple[int, ...]] = {0: ()}
        tracks: dict[int, int] = {}
        active: list[int] = []
        for cycle, node, _ in changes:
            functions = (self._recorder.nodes[each][1] for each in self._path(node, paths))
            taken = [function - EXCEPTION for function in functions if function >= EXCEPTION]
            now = self._at(cycle)
            for number in [each for each in active if each not in taken]:
                trace.end(tracks[number], now)
            for number in [each for each in taken if each not in active]:
                if number not in tracks:
                    tracks[number] = trace.track(name_of(number), core, 2 + number)
                trace.begin(tracks[number], now, name_of(number), cycle=cycle)
            active = taken
        for number in active:
            trace.end(tracks[number], self._at(end))

    def _add_layers(self, trace: TraceFile, track: int, changes: Iterable[list[int]], end: int) -> None:
        """A layer lasts until another runs, or the network has ended: what interrupts it, or runs beside, is in it."""
        running = 0
        for cycle, node, section in changes:
            interrupted = any(self._recorder.nodes[each][1] >= EXCEPTION for each in self._chain(node))
            if section == running or (interrupted and not section):
                continue
            if running:
                trace.end(track, self._at(cycle))
            if section:
                layer = self._profiler.layers[section - 1]
                trace.begin(track, self._at(cycle), layer.name, operator=layer.operator, macs=layer.macs)
            running = section
        if running:
            trace.end(track, self._at(end))

    def _chain(self, node: int) -> Iterable[int]:
        while node:
            yield node
            node = self._recorder.nodes[node][0]

    def _add_transfers(self, trace: TraceFile) -> None:
        group = trace.track("bus masters", rank=2)
        tracks: dict[tuple[str, str, bool], int] = {}
        for each in self._happenings.transfers:
            key = each.master, each.where, each.written
            if key not in tracks:
                tracks[key] = trace.track(f"{each.master} {'to' if each.written else 'from'} {each.where}", group)
            trace.begin(tracks[key], self._at(each.begin), f"{each.size:,} bytes", bytes=each.size)
            trace.end(tracks[key], self._at(each.end))

    def _add_lines(self, trace: TraceFile) -> None:
        group = trace.track("UARTs", rank=3)
        tracks: dict[str, int] = {}
        for line in self._happenings.lines:
            if line.uart not in tracks:
                tracks[line.uart] = trace.track(line.uart, group)
            trace.instant(tracks[line.uart], self._at(line.cycle), line.text or "(empty line)", cycle=line.cycle)

    def _add_counters(self, trace: TraceFile) -> None:
        group = trace.track("counters", rank=5)
        tracks: dict[str, int] = {}
        for sample in self._happenings.samples:
            for name, value in sample.values.items():
                if name not in tracks:
                    tracks[name] = trace.counter(name.replace("_", " "), group, name.startswith("bus bytes"))
                trace.value(tracks[name], self._at(sample.cycle), value)
