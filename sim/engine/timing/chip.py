"""Chip data files, in ``chips/*.toml``: caches, memories and buses of a Cortex-M7; the M4's are in ``m4_chip.py``."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol, Self, TypeVar

from sim.engine.timing.clock_parts import Frequencies
from sim.engine.timing.clock_tree import ClockData
from sim.errors import CrosscamError, shown

FOLDER = Path(__file__).parent / "chips"
DEFAULT = "stm32h743"
MOST_RETURNS = 16
CORTEX_M7 = "cortex-m7"


class Place(Protocol):
    """Addresses ``base`` to ``base + size``."""

    @property
    def name(self) -> str: ...

    @property
    def base(self) -> int: ...

    @property
    def size(self) -> int: ...


class BlockChip(Protocol):
    """What a clock that counts by blocks needs of any chip; ``at`` gives it at other clocks."""

    @property
    def name(self) -> str: ...

    @property
    def title(self) -> str: ...

    @property
    def memories(self) -> Sequence[Place]: ...

    @property
    def devices(self) -> tuple[DeviceBus, ...]: ...

    @property
    def clocks(self) -> ClockData | None: ...

    def at(self, clocks: Frequencies) -> Self: ...


SomeChip = TypeVar("SomeChip", bound=BlockChip)
AnyChip = TypeVar("AnyChip")


@dataclass(frozen=True)
class Cache:
    """``size`` bytes in ``ways`` ways of 32-byte lines."""

    size: int
    ways: int

    @property
    def sets(self) -> int:
        """Lines in a way."""
        return self.size // (32 * self.ways)


@dataclass(frozen=True)
class Memory:
    """Addresses ``base`` to ``base + size``; latencies in core cycles.

    ``first``: until the word asked for arrives; ``beat``: between the 8-byte parts of a line; ``write``: a write that
    goes to the bus; ``tcm``: no latency at all. ``word``: between the two halves of a line where the memory reads 16
    bytes at once, else 0; ``busy``: how long the memory is at work on a line and takes up no other one (0: no longer
    than its parts are on the bus). ``held_first``: as ``first``, for the word of ``1 << held_shift`` bytes read last,
    which the memory still has (``held_shift`` 0: it keeps none).
    """

    name: str
    base: int
    size: int
    tcm: bool
    first: int
    beat: int
    write: int
    word: int = 0
    busy: int = 0
    held_first: int = 0
    held_shift: int = 0

    @property
    def fill(self) -> int:
        """Cycles from the request of a line to its last part."""
        return self.first + (self.word + self.beat if self.word else 3 * self.beat)


@dataclass(frozen=True)
class DeviceBus:
    """Peripherals behind one bus: core cycles of a read and of a write."""

    name: str
    base: int
    size: int
    read: int
    write: int


@dataclass(frozen=True)
class Chip:
    """What the timing model wants to know of a chip."""

    name: str
    title: str
    ecc: bool
    code_cache: Cache
    data_cache: Cache
    replacement: str
    btac_entries: int
    redirect: int
    return_stack: int
    memories: tuple[Memory, ...]
    devices: tuple[DeviceBus, ...]
    clocks: ClockData | None = None
    data: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    def at(self, clocks: Frequencies) -> Chip:
        """The chip with the clocks and the wait states of the flash that firmware has programmed."""
        return self.clocked(clocks.core / clocks.bus, clocks.wait_states)

    def clocked(self, core_cycles: float, wait_states: int) -> Chip:
        """The chip with ``core_cycles`` core cycles a bus clock and the flash at ``wait_states``.

        The file's way to the slaves is taken for so many bus clocks: it scales with the ratio.
        """
        own = self.data["clocks"]["core_cycles"]
        buses = {
            name: {key: value * core_cycles / own for key, value in bus.items()}
            for name, bus in self.data["bus"].items()
        }
        entries = [
            {**entry, "wait_states": wait_states} if entry.get("flash") else entry for entry in self.data["memory"]
        ]
        return replace(
            self,
            memories=tuple(_memory(buses, entry) for entry in entries),
            devices=tuple(device_bus(buses, entry) for entry in self.data["device"]),
        )


def available(core: str = CORTEX_M7) -> list[str]:
    """Names of the chips with such a core there are files for."""
    return sorted(path.stem for path in FOLDER.glob("*.toml") if core_of(_read(path)) == core)


def core_of(data: dict[str, Any]) -> str:
    """The core of a chip data file: ``core.type``, where it says nothing a Cortex-M7."""
    core = data.get("core", {})
    return str(core.get("type", CORTEX_M7)) if isinstance(core, dict) else CORTEX_M7


def load_chip(name: str | Path) -> Chip:
    """A chip with a Cortex-M7 by name, or by the path of a data file of the user's.

    Raises:
        CrosscamError: there is none, the file lacks something, or the chip has another core.
    """
    return read_chip(name, CORTEX_M7, _chip)


def read_chip(name: str | Path, core: str, make: Callable[[str, dict[str, Any]], AnyChip]) -> AnyChip:
    """What ``make`` makes of the name and the content of a chip's data file.

    Raises:
        CrosscamError: as for ``load_chip``.
    """
    path = Path(name) if str(name).endswith(".toml") else FOLDER / f"{str(name).lower()}.toml"
    try:
        data = _read(path)
    except OSError as error:
        raise CrosscamError(
            f"{path}: cannot be read ({error.strerror}); chips with a data file: {', '.join(available(core))}"
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise CrosscamError(f"{path}: not TOML: {error}") from error
    if core_of(data) != core:
        raise CrosscamError(f"{path}: a chip with a {shown(core_of(data))}; choose the clock of that core, not {core}")
    try:
        return make(path.stem, data)
    except (KeyError, TypeError, ValueError, ZeroDivisionError) as error:
        raise CrosscamError(f"{path}: {error!r}; see docs/timing.md for what a chip data file holds") from error


def _read(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _chip(name: str, data: dict[str, Any]) -> Chip:
    core = data["core"]
    buses = data["bus"]
    chip = Chip(
        name=name,
        title=data["title"],
        ecc=bool(core["ecc"]),
        code_cache=_cache(core["code_cache"]),
        data_cache=_cache(core["data_cache"]),
        replacement=core["replacement"],
        btac_entries=int(core["btac_entries"]),
        redirect=int(core["redirect"]),
        return_stack=int(core["return_stack"]),
        memories=tuple(_memory(buses, entry) for entry in data["memory"]),
        devices=tuple(device_bus(buses, entry) for entry in data["device"]),
        clocks=ClockData.from_file(data["clocks"]) if "clocks" in data else None,
        data=data,
    )
    if chip.replacement not in ("random", "lru"):
        raise ValueError(f'replacement "{chip.replacement}": expected "random" or "lru"')
    if not 0 <= chip.return_stack <= MOST_RETURNS:
        raise ValueError(f"return_stack {chip.return_stack}: expected 0 to {MOST_RETURNS}")
    if chip.btac_entries & (chip.btac_entries - 1):
        raise ValueError(f"btac_entries {chip.btac_entries}: expected a power of two")
    return chip


def _cache(entry: dict[str, int]) -> Cache:
    cache = Cache(int(entry["size"]), int(entry["ways"]))
    if cache.sets * cache.ways * 32 != cache.size or cache.sets & (cache.sets - 1):
        raise ValueError(f"cache of {cache.size} bytes in {cache.ways} ways: expected a power of two of sets")
    return cache


def device_bus(buses: dict[str, Any], entry: dict[str, Any]) -> DeviceBus:
    """A part in core clocks, and one in clocks of the bus the registers are behind; the core's private bus has none."""
    ratio = buses[entry["bus"]]["core_cycles"] if "bus" in entry else 0
    read, write = (round(entry[way]["core"] + ratio * entry[way].get("bus", 0)) for way in ("read", "write"))
    return DeviceBus(entry["name"], entry["base"], entry["size"], read, max(1, write))


def _memory(buses: dict[str, Any], entry: dict[str, Any]) -> Memory:
    """Latencies from the bus: its way there and back, its clock, the memory's wait states and width."""
    if entry.get("tcm"):
        return Memory(entry["name"], entry["base"], entry["size"], True, 0, 0, 0)
    bus = buses[entry["bus"]]
    ratio, waits, width = bus["core_cycles"], entry["wait_states"], entry["width"]
    first = bus["path"] + ratio * (1 + waits)
    access = ratio * (1 + waits)  # of one word of the memory's own width
    beat, word = ratio, 0.0
    if width == 16:
        word = access
    elif width < 16:
        beat = access if width == 8 else ratio * (8 // width + waits)
    busy = access * max(1, 32 // width) if waits and width >= 16 else 0
    held_shift = width.bit_length() - 1 if entry.get("flash") else 0
    return Memory(
        entry["name"], entry["base"], entry["size"], False,
        round(first), round(beat), round(bus["write"]), round(word), round(busy),
        round(bus["path"] + ratio), held_shift,
    )  # fmt: skip
