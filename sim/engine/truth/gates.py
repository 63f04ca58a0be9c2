"""Which RCC bit clocks which peripheral, as data: ``chips/*.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sim.engine.bus import Bus
from sim.errors import CrosscamError

FOLDER = Path(__file__).parent / "chips"


@dataclass(frozen=True)
class Gate:
    """Bit ``bit`` of the register at ``register`` (absolute) lets the clock through to ``name``."""

    name: str
    register: int
    bit: int
    register_name: str


@dataclass(frozen=True)
class ChipTruth:
    """``gates`` by the first address of the peripheral; memories a DMA writes and those it cannot reach."""

    name: str
    rcc: int
    rcc_size: int
    gates: dict[int, Gate]
    dma_unreachable: tuple[tuple[int, int, str], ...]
    dma_memories: tuple[tuple[int, int], ...]


def load(path: Path) -> ChipTruth:
    """Read one chip's file; CrosscamError when it lacks something."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        registers = {name: data["rcc"]["base"] + offset for name, offset in data["rcc"]["registers"].items()}
        gates = {
            address: Gate(name, registers[register], bit, register)
            for register, entries in data["gates"].items()
            for name, (address, bit) in entries.items()
        }
        unreachable = tuple((first, end, name) for name, (first, end) in data["dma"]["unreachable"].items())
        memories = tuple((first, end) for first, end in data["dma"]["memories"].values())
        return ChipTruth(path.stem, data["rcc"]["base"], data["rcc"]["size"], gates, unreachable, memories)
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise CrosscamError(f"{path}: no usable chip data ({error!r}); compare with the files beside it") from error


def for_bus(bus: Bus) -> ChipTruth | None:
    """The chip whose RCC is where this bus has a device of that name; None for boards nobody described.

    Of chips with their RCC at one address, the one whose memories are most like the board's.
    """
    found = []
    for path in sorted(FOLDER.glob("*.toml")):
        chip = load(path)
        window = bus.window_at(chip.rcc)
        if window is not None and window.start == chip.rcc and "rcc" in window.device.name.lower():
            found.append(chip)
    return max(found, key=lambda chip: _likeness(chip, bus), default=None)


def _likeness(chip: ChipTruth, bus: Bus) -> int:
    """Bytes of the chip's memories that the board has, less those that one of the two has alone."""
    score = 0
    for first, last in chip.dma_memories:
        covered = sum(max(0, min(end, last) - max(start, first)) for start, end, _ in bus.memories)
        beyond = sum(end - last for start, end, _ in bus.memories if first <= start < last < end)
        score += covered - (last - first - covered) - beyond
    return score


class ClockGates:
    """Answers whether a peripheral's clock is on; asks the RCC again only after it was written."""

    def __init__(self, chip: ChipTruth, read: Callable[[int, int], int]) -> None:
        self._gates = chip.gates
        self._read = read
        self._on: set[int] = set()

    def forget(self) -> None:
        """The RCC was written or reset."""
        self._on.clear()

    def off(self, base: int) -> Gate | None:
        """The gate that is closed for the peripheral at ``base``; None when its clock is on or it has no gate."""
        if base in self._on:
            return None
        gate = self._gates.get(base)
        if gate is not None and not self._read(gate.register, 4) >> gate.bit & 1:
            return gate
        self._on.add(base)
        return None
