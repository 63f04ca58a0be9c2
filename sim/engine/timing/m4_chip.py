"""Chip data files of Cortex-M4s: the ART accelerator, memories and which of the core's buses leads to them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sim.engine.timing.chip import DeviceBus, device_bus, read_chip
from sim.engine.timing.clock_parts import NO_ACCELERATOR, Accelerator, Frequencies
from sim.engine.timing.clock_tree import ClockData

CORTEX_M4 = "cortex-m4"
DEFAULT = "stm32l4r5"
_BUSES = ("code", "system")


@dataclass(frozen=True)
class Art:
    """``word``: bytes a read of the flash gives; ``line``: bytes a tag stands for, whose words come one by one;
    ``code_lines``, ``data_lines``: of the two caches."""

    word: int
    line: int
    code_lines: int
    data_lines: int


@dataclass(frozen=True)
class Memory:
    """Addresses ``base`` to ``base + size``. ``waits``: cycles a read takes longer than one without wait states.

    ``enter``: cycles a branch into code there takes longer; ``shared``: code and data come over one bus there.
    """

    name: str
    base: int
    size: int
    flash: bool = False
    waits: int = 0
    enter: int = 0
    shared: bool = False


@dataclass(frozen=True)
class M4Chip:
    """What the cortex-m4 clock wants to know of a chip; ``accelerator``: what is switched on of ``art``."""

    name: str
    title: str
    art: Art
    wait_states: int
    accelerator: Accelerator
    memories: tuple[Memory, ...]
    devices: tuple[DeviceBus, ...]
    clocks: ClockData | None = None
    data: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def flash(self) -> Memory:
        """The memory behind the accelerator."""
        return next(memory for memory in self.memories if memory.flash)

    def at(self, clocks: Frequencies) -> M4Chip:
        """The chip with the clocks, the wait states and the parts of the accelerator that firmware has programmed."""
        ratios = {"ahb": clocks.core / clocks.bus, **_apb(clocks.core / clocks.apb[0], clocks.core / clocks.apb[1])}
        return replace(
            self,
            wait_states=clocks.wait_states,
            accelerator=clocks.accelerator,
            devices=_devices(self.data, ratios),
        )


def load_m4_chip(name: str | Path) -> M4Chip:
    """A chip with a Cortex-M4 by name, or by the path of a data file of the user's.

    Raises:
        CrosscamError: there is none, the file lacks something, or the chip has another core.
    """
    return read_chip(name, CORTEX_M4, _chip)


def _chip(name: str, data: dict[str, Any]) -> M4Chip:
    art = Art(**{key: int(data["art"][key]) for key in ("word", "line", "code_lines", "data_lines")})
    if any(value <= 0 or value & (value - 1) for value in (art.word, art.line)) or art.line < art.word:
        raise ValueError(f"art: word {art.word}, line {art.line}: expected powers of two, a line of whole words")
    memories = tuple(_memory(entry) for entry in data["memory"])
    if sum(memory.flash for memory in memories) != 1:
        raise ValueError("memory: expected one with flash = true")
    return M4Chip(
        name=name,
        title=data["title"],
        art=art,
        wait_states=int(data["flash"]["wait_states"]),
        accelerator=Accelerator(True, True, True) if data["flash"]["accelerator"] else NO_ACCELERATOR,
        memories=memories,
        devices=_devices(data, {"ahb": 1, **_apb(1, 1)}),
        clocks=ClockData.from_file(data["clocks"]) if "clocks" in data else None,
        data=data,
    )


def _memory(entry: dict[str, Any]) -> Memory:
    if entry["bus"] not in _BUSES:
        raise ValueError(f'memory {entry["name"]}: bus "{entry["bus"]}": expected one of {", ".join(_BUSES)}')
    system = entry["bus"] == "system"
    return Memory(
        entry["name"],
        int(entry["base"]),
        int(entry["size"]),
        flash=bool(entry.get("flash")),
        waits=int(entry.get("waits", 0)),
        enter=int(entry["enter"]) if system else 0,
        shared=system,
    )


def _apb(first: float, second: float) -> dict[str, float]:
    return {"apb1": first, "apb2": second}


def _devices(data: dict[str, Any], ratios: dict[str, float]) -> tuple[DeviceBus, ...]:
    buses = {name: {"core_cycles": ratio} for name, ratio in ratios.items()}
    return tuple(device_bus(buses, entry) for entry in data["device"])
