"""A profile of one machine: begins and ends where it is told, and changes nothing of the run."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sim.dwarf.line_table import LineTable
from sim.engine.cortex_m.exceptions import name_of
from sim.engine.machine import Machine
from sim.engine.observe.profile.interrupts import ExceptionTimes, InterruptTimes
from sim.engine.observe.profile.traffic import CORE, Traffic
from sim.engine.observe.record.contexts import Contexts
from sim.engine.observe.record.function_map import FunctionMap
from sim.engine.observe.record.recorder import BlockRecorder, Counts
from sim.engine.timing.block_timing import BlockTiming
from sim.layers import Layer, layers_of
from sim.profile.call_tree import CallStack, CallTree, FunctionTime
from sim.profile.memory_use import MemoryUse, MemoryWatch, flash_bytes
from sim.profile.source_cycles import cycles_by_line


@dataclass(frozen=True)
class StackUse:
    """``name``: MSP, or PSP with the first function of its thread; addresses; ``used`` in bytes."""

    name: str
    highest: int
    lowest: int
    used: int


@dataclass(frozen=True)
class Profile:
    """What ran in ``cycles`` core cycles at ``hertz``. Functions, stacks and lines each add up to ``cycles``.

    ``handlers``: functions that the vector table names at the end, by exception. ``events``: of the cortex-m7 clock:
    misses, branches, mispredictions. ``moved``: bytes by (master, where, written).
    """

    cycles: int
    hertz: int
    clock: str
    functions: list[FunctionTime]
    stacks: list[CallStack]
    lines: dict[tuple[str, int], int]
    layers: list[tuple[Layer, int]]
    interrupts: dict[str, ExceptionTimes]
    handlers: dict[str, str]
    stack_use: list[StackUse]
    memories: list[MemoryUse]
    flash: int
    events: dict[str, int]
    moved: Counter[tuple[str, str, bool]]


class Profiler:
    """Observes ``machine`` from now on; ``lines``: of the firmware loaded, where its file has debug information."""

    def __init__(self, machine: Machine, lines: LineTable | None = None) -> None:
        self.machine = machine
        self._lines = lines
        self.layers = layers_of(machine.symbols, machine.sysbus)
        self.recorder = BlockRecorder(machine, sections=[layer.address for layer in self.layers])
        self.contexts = Contexts(self.recorder)
        self.interrupts = InterruptTimes(self.recorder, self.contexts)
        self.traffic = Traffic(machine)
        self.memory = MemoryWatch(machine)
        self._events: dict[str, int] = {}
        self._moved: dict[tuple[str, str, bool], int] = {}
        self._first = self.recorder.counts()

    def begin(self) -> None:
        """Forget what was before now."""
        self._first = self.recorder.counts()
        self.interrupts.clear()
        self.traffic.clear()
        self._events = self._statistics()
        self._moved = self._core_moved()

    def _statistics(self) -> dict[str, int]:
        timing = self.machine.timing
        wanted = ("code_misses", "data_misses", "branches", "mispredictions")
        return {key: timing.statistics[key] for key in wanted} if isinstance(timing, BlockTiming) else {}

    def _handler(self, number: int, names: FunctionMap) -> str:
        vector = self.machine.cpu.vector(number)
        return "" if vector is None else names.name(names.at(vector & ~1) or vector & ~1)

    def _core_moved(self) -> dict[tuple[str, str, bool], int]:
        """Bytes that core and caches have moved, by the board's name of the memory; of the cortex-m7 clock."""
        timing, bus = self.machine.timing, self.machine.sysbus
        found: dict[tuple[str, str, bool], int] = {}
        for base, moved in timing.map.moved().items() if isinstance(timing, BlockTiming) else ():
            memory = bus.memory_at(base)
            for written, size in enumerate(moved):
                if memory is not None and size:
                    found[CORE, memory[0].name, bool(written)] = size
        return found

    def profile(self, windows: Sequence[tuple[Counts, Counts]] = (), *, apart: bool = False) -> Profile:
        """What ran since ``begin``.

        Args:
            windows: moments between which alone cycles count; interrupts, traffic and memories are those since
                ``begin`` all the same.
            apart: exceptions are roots of their own in the call stacks.
        """
        self.contexts.settle()
        spans = windows or [(self._first, self.recorder.counts())]
        counts = functools.reduce(Counts.plus, (last.since(first) for first, last in spans))
        names = FunctionMap(self.machine.symbols)
        tree = CallTree(self.recorder, counts, names, apart)
        blocks = zip(self.recorder.blocks, counts.rows[:, 1].tolist(), strict=False)
        timing = self.machine.timing
        sections = counts.sections.tolist()
        return Profile(
            cycles=counts.cycle,
            hertz=self.machine.clock.frequency,
            clock=timing.chip.title if isinstance(timing, BlockTiming) else "one cycle an instruction",
            functions=tree.functions(),
            stacks=tree.stacks(),
            lines=cycles_by_line(blocks, self._lines, timing),
            layers=[(layer, sections[number]) for number, layer in enumerate(self.layers, 1)],
            interrupts={name_of(number): times for number, times in sorted(self.interrupts.by_number.items())},
            handlers={name_of(number): self._handler(number, names) for number in self.interrupts.by_number},
            stack_use=[
                StackUse(f"PSP of {names.name(names.at(stack.function))}" if stack.function else "MSP",
                         stack.highest, stack.lowest, stack.used)
                for stack in self.contexts.stacks if stack.used
            ],
            memories=self.memory.use(),
            flash=flash_bytes(self.machine),
            events={name: value - self._events.get(name, 0) for name, value in self._statistics().items()},
            moved=self.traffic.moved + Counter(self._core_moved()) - Counter(self._moved),
        )  # fmt: skip

    def close(self) -> None:
        """Let the machine run as before."""
        self.traffic.close()
        self.interrupts.close()
        self.contexts.close()
        self.recorder.close()
