"""Where the cycles went: by function and cause, and by instruction, after a run with the cortex-m7 clock."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sim.console import Line, Prediction
from sim.engine.machine import Machine
from sim.engine.native import shared
from sim.engine.timing.block_costs import BlockCost, Mark
from sim.engine.timing.block_timing import BlockTiming
from sim.engine.timing.decode import decode
from sim.engine.timing.microops import LOAD, MicroOp
from sim.errors import CrosscamError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sim.boot import Board

CAUSES = {
    "issue": "issue",
    "interlock": "interlock",
    "fetch": "fetch",
    "stores": "stores",
    "code_stall": "I-miss",
    "data_stall": "D-miss",
    "mispredicted": "mispredict",
    "device_stall": "devices",
    "interrupts": "interrupts",
}
"""Attribute of ``BlockCost`` -> heading. Misses include the flash or bus behind the cache; ``interrupts``: entries and
returns, and sleep, in the row of that name only."""
INTERRUPTS = "(interrupts taken, sleep)"
_CLUSTER_GAP = 64  # bytes between blocks without symbols that are taken for one function


@dataclass
class FunctionCost:
    """``cycles`` by cause; ``runs``: entries at the function's first instruction; ``blocks``: those that ran."""

    name: str
    address: int
    cycles: dict[str, int] = field(default_factory=lambda: dict.fromkeys(CAUSES, 0))
    instructions: int = 0
    runs: int = 0
    blocks: list[BlockCost] = field(default_factory=list)

    @property
    def total(self) -> int:
        """All causes together."""
        return sum(self.cycles.values())

    def add(self, block: BlockCost, instructions: int) -> None:
        """Count one block of the function."""
        for cause in CAUSES:
            self.cycles[cause] += int(getattr(block, cause, 0))
        self.instructions += instructions * block.runs
        if block.address == self.address:
            self.runs += block.runs
        self.blocks.append(block)


@dataclass(frozen=True)
class InstructionCost:
    """One instruction: how often it ran and the cycles it took of all its runs, stalls included."""

    address: int
    text: str
    runs: int
    cycles: float
    stall: str = ""

    @property
    def each(self) -> float:
        """Cycles a run; an instruction that shares its cycle with the one before costs 0."""
        return self.cycles / self.runs if self.runs else 0.0


def timing_of(machine: Machine) -> BlockTiming:
    """The machine's clock; CrosscamError when it keeps no account of causes."""
    timing = machine.timing
    if not isinstance(timing, BlockTiming):
        raise CrosscamError(f"timing {timing.name} counts instructions, not causes; expected --timing cortex-m7")
    return timing


_POWER_ON = 1e-6  # seconds in which no firmware has changed a clock yet


class ClockRecord:
    """The core's clocks from the moment it is made on."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._seen = [machine.clock.frequency]
        machine.clock.on_change.append(self._changed)

    def _changed(self, moved: object) -> None:
        if self._machine.clock.seconds < _POWER_ON:  # the board's word on its clock gives way to the registers'
            self._seen.clear()
        self._seen.append(self._machine.clock.frequency)

    def __str__(self) -> str:
        """The chip and the clocks the firmware has programmed; what it had before, where it changed them.

        On a board that has not the chip's clock registers: what the chip's data file takes for granted.
        """
        timing = timing_of(self._machine)
        if timing.clocks is None or timing.clocks.now is None:
            return timing.chip.title
        name, now = timing.chip.title.partition(",")[0], timing.clocks.now
        text = f"{name}, core {_megahertz(now.core)}, bus {_megahertz(now.bus)}, {now.wait_states} flash wait states"
        before = list(dict.fromkeys(hertz for hertz in self._seen if hertz != now.core))
        if before:
            text += f" (the core's clock changed: {', '.join(map(_megahertz, before))} before)"
        return text


def _megahertz(hertz: int) -> str:
    return f"{hertz / 1e6:.6g} MHz"


@dataclass(frozen=True)
class Window:
    """From ``first`` to ``last``: ``cycles`` to the cycle."""

    first: Mark
    last: Mark

    @property
    def cycles(self) -> int:
        """Core cycles between the two moments."""
        return self.last.cycle - self.first.cycle


class PredictionWindows:
    """For each prediction line of ``board``: the window its figure stands for.

    That is the time between the last two reads of CYCCNT that lie as far apart as the line says; where a firmware
    measures otherwise, from the end of one line to the end of the next.
    """

    def __init__(self, board: Board) -> None:
        self.windows: list[Window] = []
        self.exact = True
        """Every line's figure was found between two reads of CYCCNT."""
        self._machine = board.machine
        self._timing = timing_of(board.machine)
        self._marks = self._timing.watch_counter()
        self._before: Mark | None = None
        board.on_line.append(self._take)

    def _take(self, line: Line) -> None:
        prediction = Prediction.parse(line.text)
        if prediction is None:
            return
        state, now = self._machine.engine.state, self._machine.clock.now
        here = self._timing.mark(now, state[shared.NOW] - now, self._machine.cpu.pc)
        reads = list(self._marks)
        found = next(
            (
                Window(first, last)
                for last in reversed(reads)
                for first in reads
                if last.cycle - first.cycle == prediction.cycles
            ),
            None,
        )
        if found is None:
            self.exact = False
            found = Window(self._before or here, here)
        self.windows.append(found)
        self._before = here


def collect(machine: Machine, windows: Iterable[Window] = ()) -> list[FunctionCost]:
    """Every function that ran since the counters were reset, dearest first; with ``windows``, in them.

    Code without symbols (a raw image) is cut where nothing ran for 64 bytes. In windows the totals add up to the
    windows' cycles: what no instruction of a block took is the row ``INTERRUPTS``.
    """
    timing = timing_of(machine)
    windows = list(windows)
    if not windows:
        return _sorted(_by_function(machine, timing.costs()).values())
    functions = _by_function(machine, [cost for window in windows for cost in timing.costs(window.first, window.last)])
    for mark, sign in [(window.first, 1) for window in windows] + [(window.last, -1) for window in windows]:
        symbol = machine.symbols.function_at(mark.pc)
        owner = functions.get(symbol.address) if symbol is not None else None
        if owner is not None:  # blocks are charged as a whole when they begin
            owner.cycles["issue"] += sign * mark.ahead
    rest = sum(window.cycles for window in windows) - sum(function.total for function in functions.values())
    if rest:
        functions[-1] = FunctionCost(INTERRUPTS, -1, dict.fromkeys(CAUSES, 0) | {"interrupts": rest})
    return _sorted(functions.values())


def _sorted(functions: Iterable[FunctionCost]) -> list[FunctionCost]:
    return sorted(functions, key=lambda function: (-function.total, function.address))


def _by_function(machine: Machine, costs: Iterable[BlockCost]) -> dict[int, FunctionCost]:
    functions: dict[int, FunctionCost] = {}
    cluster: FunctionCost | None = None
    cluster_end = 0
    for block in sorted(costs, key=lambda cost: cost.address):
        symbol = machine.symbols.function_at(block.address)
        if symbol is not None:
            owner = functions.setdefault(symbol.address, FunctionCost(symbol.name, symbol.address))
        else:
            if cluster is None or block.address - cluster_end > _CLUSTER_GAP:
                cluster = FunctionCost(f"0x{block.address:08X}", block.address)
                functions[block.address] = cluster
            owner = cluster
            cluster_end = max(cluster_end, block.address + block.size)
        owner.add(block, len(_operations(machine, block)))
    return functions


def find(functions: Iterable[FunctionCost], name: str) -> FunctionCost:
    """The function called ``name``; CrosscamError when it did not run."""
    known = list(functions)
    for function in known:
        if function.name == name:
            return function
    near = [function.name for function in known if name.lower() in function.name.lower()][:3]
    hint = f"did you mean {', '.join(near)}?" if near else f"the dearest is {known[0].name if known else 'none'}"
    raise CrosscamError(f"function {name} did not run in the measured time: {hint}")


def annotate(machine: Machine, function: FunctionCost) -> list[InstructionCost]:
    """Each instruction of the blocks that ran. The costs add up to the function's.

    Issue comes from the pipeline's own schedule of the block; misses go to the block's loads (data), its first
    instruction (code) and its last (misprediction, device access).
    """
    timing = timing_of(machine)
    runs: dict[int, int] = defaultdict(int)
    cycles: dict[int, float] = defaultdict(float)
    stalls: dict[int, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    texts: dict[int, str] = {}
    for block in function.blocks:
        operations = _operations(machine, block)
        if not operations:
            continue
        issued = timing.issued(operations)
        steps = [later - earlier for earlier, later in zip([0, *issued[:-1]], issued, strict=True)]
        inside = block.issue + block.interlock + block.fetch + block.stores
        scale = inside / max(1, sum(steps))
        for operation, step in zip(operations, steps, strict=True):
            texts[operation.address] = operation.text
            runs[operation.address] += block.runs
            cycles[operation.address] += step * scale
        loads = [operation.address for operation in operations if operation.units & LOAD] or [operations[-1].address]
        for address in loads:
            stalls[address]["D-miss"] += block.data_stall / len(loads)
        stalls[operations[0].address]["I-miss"] += block.code_stall
        stalls[operations[-1].address]["mispredict"] += block.mispredicted
        stalls[operations[-1].address]["device"] += block.device_stall
    found = []
    for address in sorted(texts):
        parts = {name: value for name, value in stalls[address].items() if value >= 0.005 * max(1, runs[address])}
        stall = ", ".join(f"{name} {value / runs[address]:.2f}" for name, value in parts.items())
        total = cycles[address] + sum(stalls[address].values())
        found.append(InstructionCost(address, texts[address], runs[address], total, stall))
    return found


def _operations(machine: Machine, block: BlockCost) -> list[MicroOp]:
    return decode(machine.sysbus.read_bytes(block.address, block.size), block.address)


_COLOURS = ("#4c78a8", "#f58518", "#54a24b", "#b279a2", "#e45756", "#72b7b2", "#eeca3b", "#9d755d", "#bab0ac")
_BAR_LEFT, _BAR_WIDTH, _ROW, _FIGURES = 230, 560, 22, 160
_LONGEST_NAME = 28  # characters that fit left of the bars


def svg(functions: list[FunctionCost], title: str, count: int = 20, parts: int = 1) -> str:
    """A bar a function, split by cause, as an SVG drawing; figures are those of one of ``parts`` frames."""
    shown = functions[:count]
    longest = max((function.total for function in shown), default=1)
    everything = max(1, sum(function.total for function in functions))
    height = 70 + _ROW * len(shown)
    width = _BAR_LEFT + _BAR_WIDTH + _FIGURES
    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif"'
        ' font-size="12">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
        f'<text x="10" y="20" font-size="14">{_escaped(title)}</text>',
    ]
    at = 10.0
    for cause, colour in zip(CAUSES, _COLOURS, strict=True):
        name = CAUSES[cause]
        if not any(function.cycles[cause] for function in shown):
            continue
        drawn.append(f'<rect x="{at:.0f}" y="32" width="12" height="12" fill="{colour}"/>')
        drawn.append(f'<text x="{at + 16:.0f}" y="43">{name}</text>')
        at += 34 + 7 * len(name)
    for row, function in enumerate(shown):
        y = 58 + _ROW * row
        drawn.append(
            f'<text x="{_BAR_LEFT - 8}" y="{y + 13}" text-anchor="end">{_escaped(_shortened(function.name))}</text>'
        )
        x = float(_BAR_LEFT)
        for cause, colour in zip(CAUSES, _COLOURS, strict=True):
            length = _BAR_WIDTH * function.cycles[cause] / longest
            if length > 0:
                drawn.append(
                    f'<rect x="{x:.1f}" y="{y}" width="{length:.1f}" height="{_ROW - 5}" fill="{colour}">'
                    f"<title>{CAUSES[cause]}: {function.cycles[cause] // parts:,}</title></rect>"
                )
            x += max(0.0, length)
        share = 100 * function.total / everything
        drawn.append(f'<text x="{x + 6:.1f}" y="{y + 13}">{function.total // parts:,} ({share:.1f} %)</text>')
    return "\n".join([*drawn, "</svg>"]) + "\n"


def _shortened(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "\u2026"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
