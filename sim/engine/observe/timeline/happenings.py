"""What other parts of a board do, by time: transfers of bus masters, lines that UARTs send, counters of the clock."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from sim.console import Line, LineAssembler
from sim.engine.devices.base import Device
from sim.engine.machine import Machine
from sim.engine.observe.profile.traffic import CORE, Traffic
from sim.engine.observe.record.contexts import Contexts
from sim.engine.observe.record.recorder import present
from sim.engine.timing.block_timing import BlockTiming

PAUSE_SECONDS = 200e-6
"""A master that moves nothing for so long has ended its transfer."""
SAMPLE_SECONDS = 50e-6
"""Counters are looked at whenever something else happens, but not more often."""
MOST = 1 << 20
"""Entries of each kind that are kept."""
_PARTIES = {CORE: "core with devices", "other masters": "other masters"}
MEMORY_BYTES = "bus bytes, core and caches with memories"
COUNTERS = ("code_misses", "data_misses", "mispredictions")


@dataclass
class Transfer:
    """Bytes that ``master`` has moved from ``begin`` to ``end`` without a longer pause, in cycles."""

    master: str
    where: str
    written: bool
    begin: int
    end: int
    size: int


@dataclass(frozen=True)
class SentLine:
    """A line of a UART, and the cycle of its end."""

    uart: str
    text: str
    cycle: int


@dataclass(frozen=True)
class Sample:
    """Counters of the clock, and bytes moved over the bus, since the timeline began."""

    cycle: int
    values: dict[str, int]


class Happenings:
    """Listens to the machine of ``contexts`` from now on."""

    def __init__(self, machine: Machine, contexts: Contexts, traffic: Traffic) -> None:
        self._machine = machine
        self._state = machine.engine.state
        self._contexts, self._traffic = contexts, traffic
        self.transfers: list[Transfer] = []
        self.lines: list[SentLine] = []
        self.samples: list[Sample] = []
        self.clocks: list[tuple[int, float, int]] = []
        """(cycle, seconds, hertz) from which on the core has had that clock."""
        self._running: dict[tuple[str, str, bool], Transfer] = {}
        self._moved = {CORE: 0, "other masters": 0}
        self._uarts: list[tuple[Device, object]] = []
        for path, device in machine.devices.items():
            heard = getattr(device, "on_char", None)
            if isinstance(heard, list):
                take = partial(self._take_line, path.removeprefix("sysbus."))
                feed = LineAssembler(lambda: present(self._state), take).feed
                heard.append(feed)
                self._uarts.append((device, feed))
        self._clock_changes()
        machine.clock.on_change.append(self._clock_changes)
        traffic.on_moved.append(self._moves)
        contexts.on_change.append(self._sample)
        self._begin = self._counters()
        self._sampled = present(self._state)
        self._sample(self._sampled, True)

    def close(self) -> None:
        """Hear nothing any more."""
        self._sample(present(self._state), True)
        self._contexts.on_change.remove(self._sample)
        self._traffic.on_moved.remove(self._moves)
        self._machine.clock.on_change.remove(self._clock_changes)
        for device, feed in self._uarts:
            device.on_char.remove(feed)  # type: ignore[attr-defined]

    def _clock_changes(self, moved: object = None) -> None:
        clock = self._machine.clock
        consulted = clock.consulted
        self.clocks.append((present(self._state), float(clock.exact_seconds), clock.frequency))
        clock.consulted = consulted

    def _take_line(self, uart: str, line: Line) -> None:
        if len(self.lines) < MOST:
            self.lines.append(SentLine(uart, line.text, line.cycle))

    def _moves(self, master: str, where: str, size: int, written: bool) -> None:
        self._moved[CORE if master == CORE else "other masters"] += size
        if master == CORE:
            return
        now = present(self._state)
        key = master, where, written
        under_way = self._running.get(key)
        if under_way is not None and now - under_way.end <= PAUSE_SECONDS * self.clocks[-1][2]:
            under_way.end = now
            under_way.size += size
        elif len(self.transfers) < MOST:
            self._running[key] = Transfer(master, where, written, now, now, size)
            self.transfers.append(self._running[key])

    def _counters(self) -> dict[str, int]:
        timing = self._machine.timing
        if not isinstance(timing, BlockTiming):
            return {}
        moved = sum(read + written for read, written in timing.map.moved().values())
        return {name: timing.statistics[name] for name in COUNTERS} | {MEMORY_BYTES: moved}

    def _sample(self, cycle: int, always: bool = False) -> None:
        if not always and cycle - self._sampled < SAMPLE_SECONDS * self.clocks[-1][2]:
            return
        self._sampled = cycle
        if len(self.samples) < MOST:
            values = {name: value - self._begin[name] for name, value in self._counters().items()}
            moved = {f"bus bytes, {_PARTIES[who]}": size for who, size in self._moved.items()}
            self.samples.append(Sample(cycle, values | moved))
