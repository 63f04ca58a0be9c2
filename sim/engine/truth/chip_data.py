"""What board truth wants to know of a chip, as data: ``chips/*.toml``."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
class ChipMemory:
    """Addresses ``first`` to ``end``; ``tcm``: past the caches; ``dma``: the general-purpose DMAs reach it."""

    name: str
    first: int
    end: int
    tcm: bool
    dma: bool


@dataclass(frozen=True)
class Identity:
    """``core``: as a board file writes it; ``names``: of the chips this file is about, without "stm32"; ``device``:
    what the low 12 bits of the word at ``register`` say."""

    core: str
    names: tuple[str, ...]
    register: int
    device: int


@dataclass(frozen=True)
class ChipTruth:
    """``gates`` by the first address of the peripheral, ``memory_gates`` by first address and end of the memory."""

    name: str
    identity: Identity
    rcc: int
    rcc_size: int
    gates: dict[int, Gate]
    memory_gates: dict[tuple[int, int], Gate]
    memories: tuple[ChipMemory, ...]

    @property
    def dma_unreachable(self) -> tuple[tuple[int, int, str], ...]:
        """(first address, end, name) of what the bus matrix keeps from the general-purpose DMAs."""
        return tuple((memory.first, memory.end, memory.name) for memory in self.memories if not memory.dma)


def load(path: Path) -> ChipTruth:
    """Read one chip's file; CrosscamError when it lacks something."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        registers = {name: data["rcc"]["base"] + offset for name, offset in data["rcc"]["registers"].items()}
        return ChipTruth(
            path.stem,
            _identity(data["identity"]),
            data["rcc"]["base"],
            data["rcc"]["size"],
            {
                address: Gate(name, registers[register], bit, register)
                for register, entries in data["gates"].items()
                for name, (address, bit) in entries.items()
            },
            {
                (first, end): Gate(name, registers[register], bit, register)
                for register, entries in data.get("memory_gates", {}).items()
                for name, (first, end, bit) in entries.items()
            },
            tuple(
                ChipMemory(name, entry["first"], entry["end"], entry.get("tcm", False), entry.get("dma", True))
                for name, entry in data["memories"].items()
            ),
        )
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise CrosscamError(f"{path}: no usable chip data ({error!r}); compare with the files beside it") from error


def load_all() -> list[ChipTruth]:
    """Every chip there is a file for, by name."""
    return [load(path) for path in sorted(FOLDER.glob("*.toml"))]


def _identity(data: dict[str, Any]) -> Identity:
    return Identity(data["core"], tuple(data["names"]), data["register"], data["device"])
