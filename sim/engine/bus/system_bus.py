"""The system bus: memories, device windows, and what lies between them.

Holes: in the peripheral regions (0x40000000..0x5FFFFFFF and the private bus 0xE0000000..0xE00FFFFF) a read gives 0 and
a write is dropped, each with a warning, as in Renode: the board file need not name every peripheral of the chip. An
access anywhere else where nothing is mapped is a bus fault, as on the chip.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from sim.engine.bus.memory import PAGE, MappedMemory
from sim.engine.bus.rules import BusRules
from sim.engine.bus.tags import Tag, Tags
from sim.engine.devices.base import Device
from sim.engine.native import shared
from sim.engine.wording import hole_read, hole_write
from sim.errors import CrosscamError

LOG = logging.getLogger("sim.sysbus")

PERIPHERALS = (0x40000000, 0x20000000)
PRIVATE_BUS = (0xE0000000, 0x00100000)
_GRAIN = 8  # windows are found by address >> _GRAIN
_LARGE = 1 << 20  # but for those from here on (bit-band aliases): they would fill the table


@dataclass(frozen=True)
class Window:
    """Addresses ``start`` (included) to ``end`` (excluded) that ``device`` answers."""

    start: int
    end: int
    device: Device


class Bus:
    """Little-endian, physical addresses. Devices read and write here; the core's device accesses arrive here too.

    ``core_pc``: see ``BusRules``.
    """

    def __init__(self, core_pc: Callable[[], int | None] = lambda: None) -> None:
        self.memories: list[tuple[int, int, MappedMemory]] = []  # start, end, memory
        self.windows: list[Window] = []
        self._by_grain: dict[int, list[Window]] = {}
        self._large: list[Window] = []
        self._tags = Tags()
        self.rules = BusRules(core_pc)
        self._special = False  # there are rules or overriding tags
        self.bridges: list[tuple[int, int]] = [(PERIPHERALS[0], sum(PERIPHERALS))]
        """Addresses (first, end) that answer whether or not a peripheral is there."""
        self.on_code_written: Callable[[int, int], None] = lambda address, size: None
        self.on_memory_written: Callable[[int, int], None] | None = None
        """Called with address and bytes after each write to memory that came over the bus (not the core's own)."""
        self.on_memory_added: Callable[[int, MappedMemory], None] = lambda address, memory: None
        self.on_window_added: Callable[[Window], None] = lambda window: None
        self.on_tag_added: Callable[[int, int], None] = lambda start, end: None
        self.code_pages: memoryview[int] = memoryview(bytes(1 << (32 - shared.PAGE_SHIFT)))
        self._memory_by_page: dict[int, tuple[int, int, MappedMemory]] = {}  # start, end, memory

    # Building

    def add_memory(self, address: int, memory: MappedMemory) -> None:
        """Map ``memory`` at ``address`` (a multiple of 4 KiB)."""
        if address % PAGE:
            raise CrosscamError(
                f"memory {memory.name} at 0x{address:08X}: must start at a multiple of 0x{PAGE:X}; move it"
            )
        end = address + memory.size
        self._refuse_overlap(memory.name, address, end)
        self.memories.append((address, end, memory))
        for page in range(address // PAGE, (end + PAGE - 1) // PAGE):
            self._memory_by_page[page] = (address, end, memory)
        self.on_memory_added(address, memory)

    def add_window(self, address: int, size: int, device: Device) -> None:
        """Let ``device`` answer ``size`` bytes from ``address``."""
        window = Window(address, address + size, device)
        self._refuse_overlap(device.name, window.start, window.end)
        self.windows.append(window)
        if size >= _LARGE:
            self._large.append(window)
        else:
            for grain in range(window.start >> _GRAIN, ((window.end - 1) >> _GRAIN) + 1):
                self._by_grain.setdefault(grain, []).append(window)
        self.on_window_added(window)

    def remove_windows(self, device: Device) -> None:
        """``device`` answers no address any more."""
        self.windows = [window for window in self.windows if window.device is not device]
        self._large = [window for window in self._large if window.device is not device]
        for grain, windows in list(self._by_grain.items()):
            self._by_grain[grain] = [window for window in windows if window.device is not device]

    def add_tag(self, address: int, size: int, name: str, value: int = 0, *, override: bool = False) -> None:
        """A named hole: reads give ``value`` without a warning (.repl ``Tag``).

        With ``override`` it also hides what is there from devices, scripts and the monitor; the core's own accesses
        to memory go past it.

        Raises:
            CrosscamError: it shares addresses with another tag and does not lie within it.
        """
        self._tags.add(Tag(address, address + size, name, value, override))
        self.rules_changed()
        self.on_tag_added(address, address + size)

    def remove_tag(self, address: int) -> None:
        """Forget the tag that holds ``address``; CrosscamError when none does."""
        self._tags.remove(address)
        self.rules_changed()

    def rules_changed(self) -> None:
        """Look whether anything stands between initiators and devices: until then nothing is asked."""
        self._special = self._tags.overriding or self.rules.any

    @property
    def special(self) -> bool:
        """Something stands between initiators and devices: locks, hooks, an access log, overriding tags."""
        return self._special

    def _override(self, address: int) -> int | None:
        """The value of the overriding tag at ``address``."""
        tag = self._tags.at(address, override=True)
        return None if tag is None else tag.value

    def _refuse_overlap(self, name: str, start: int, end: int) -> None:
        taken = [(s, e, m.name) for s, e, m in self.memories] + [(w.start, w.end, w.device.name) for w in self.windows]
        for other_start, other_end, other in taken:
            if start < other_end and other_start < end:
                raise CrosscamError(
                    f"{name} at 0x{start:08X}..0x{end - 1:08X} overlaps {other} at "
                    f"0x{other_start:08X}..0x{other_end - 1:08X}; give it addresses of its own"
                )

    # Looking up

    def memory_at(self, address: int, count: int = 1) -> tuple[MappedMemory, int] | None:
        """The memory that holds ``count`` bytes from ``address``, and the offset in it."""
        found = self._memory_by_page.get(address >> shared.PAGE_SHIFT)
        if found is None or address + count > found[1]:
            return None
        return found[2], address - found[0]

    def in_memory(self, address: int, count: int) -> bool:
        """Memories hold ``count`` bytes from ``address``, be they several that lie beside each other (flash banks)."""
        end = address + count
        while address < end:
            found = self.memory_at(address)
            if found is None:
                return False
            memory, offset = found
            address += memory.size - offset
        return True

    def window_at(self, address: int) -> Window | None:
        """The device window that holds ``address``."""
        for window in self._by_grain.get(address >> _GRAIN, ()):
            if window.start <= address < window.end:
                return window
        return next((window for window in self._large if window.start <= address < window.end), None)

    def answers(self, address: int) -> bool:
        """Whether a device or a tag answers at ``address``."""
        return self.window_at(address) is not None or self._tags.at(address) is not None

    def leads_to(self, address: int, count: int = 1) -> bool:
        """Whether all ``count`` bytes from ``address`` are somewhere: a memory, a device, a tag or inside a bridge.

        A bus master gets an error response anywhere else.
        """
        position, end = address, address + count
        while position < end:
            found = self._memory_by_page.get(position >> shared.PAGE_SHIFT)
            window = self.window_at(position)
            ranges = [found[:2]] if found is not None else []
            ranges += [(window.start, window.end)] if window is not None else self.bridges
            ranges += [(tag.start, tag.end) for tag in self._tags.all]
            reached = max((last for first, last in ranges if first <= position < last), default=position)
            if reached == position:
                return False
            position = reached
        return True

    def _nobody_at(self, address: int) -> bool:
        return not self._special and self.memory_at(address) is None and not self.answers(address)

    def _hole(self, template: str, address: int, *values: int) -> int:
        """Log an access to nothing; returns what a read gives."""
        tag = self._tags.at(address, override=False)
        if tag is None:
            LOG.warning(template, address, *values)
            return 0
        LOG.debug("(tag: '%s') " + template, tag.name, address, *values)
        return tag.value

    # Devices' and scripts' side

    def read(self, address: int, width: int) -> int:
        """``width`` bytes (1, 2, 4, 8) at ``address``; unmapped reads give 0 and a warning."""
        if self._special:
            return self._read_by_rules(address, width)
        found = self.memory_at(address, width)
        if found is not None:
            memory, offset = found
            return int.from_bytes(memory.view[offset : offset + width], "little")
        return self.read_device(address, width)

    def _read_by_rules(self, address: int, width: int) -> int:
        if self.rules.refuses_read(address, width):
            return 0
        if (value := self._override(address)) is not None:
            return value & ((1 << 8 * width) - 1)
        found = self.memory_at(address, width)
        if found is None:
            return self.read_device(address, width)
        memory, offset = found
        return self.rules.value_read(memory, offset, width, memory.read(offset, width))

    def write(self, address: int, width: int, value: int, heard: bool = False) -> None:
        """``width`` bytes at ``address``; unmapped writes are dropped with a warning.

        ``heard``: who listens to writes has heard of this one already.
        """
        if self._special and (self.rules.refuses_write(address, width, value) or self._override(address) is not None):
            return
        found = self.memory_at(address, width)
        if found is None:
            self.write_device(address, width, value)
            return
        memory, offset = found
        if self._special:
            value = self.rules.value_to_write(memory, offset, width, value & ((1 << 8 * width) - 1))
        memory.view[offset : offset + width] = (value & ((1 << 8 * width) - 1)).to_bytes(width, "little")
        if self.code_pages[address >> shared.PAGE_SHIFT]:
            self.on_code_written(address, width)
        if not heard and self.on_memory_written is not None:
            self.on_memory_written(address, width)

    def read_bytes(self, address: int, count: int) -> bytes:
        """``count`` bytes from memory (fast path) or device windows (byte by byte)."""
        found = self.memory_at(address, count) if not self._special else None
        if found is not None:
            memory, offset = found
            return bytes(memory.view[offset : offset + count])
        data, said = bytearray(count), False
        for position in range(address, address + count):
            if not (nobody := self._nobody_at(position)) or not said:  # of a hole only its first byte is said
                data[position - address] = self.read(position, 1)
            said = nobody
        return bytes(data)

    def write_bytes(self, address: int, data: bytes, heard: bool = False) -> None:
        """``data`` into memory or device windows; ``heard`` as for ``write``."""
        count = len(data)
        if not count:
            return
        found = self.memory_at(address, count) if not self._special else None
        if found is None:
            said = False
            for position, byte in enumerate(data, address):
                if not (nobody := self._nobody_at(position)) or not said:  # of a hole only its first byte is said
                    self.write(position, 1, byte, heard)
                said = nobody
            return
        memory, offset = found
        memory.view[offset : offset + count] = data
        first, last = address >> shared.PAGE_SHIFT, (address + count - 1) >> shared.PAGE_SHIFT
        if self.code_pages[first] or (last > first and 1 in self.code_pages[first : last + 1]):
            self.on_code_written(address, count)
        if not heard and self.on_memory_written is not None:
            self.on_memory_written(address, count)

    def is_unwatched(self, address: int, count: int = 1) -> bool:
        """Devices may move data at ``count`` bytes from ``address`` without asking the bus for each word of it."""
        return not self._special

    # The core's side: only device windows come here

    def read_device(self, address: int, width: int) -> int:
        """A read that no memory answers."""
        window = self.window_at(address)
        if self._special and self.rules.refuses_read(address, width):
            return 0
        if window is None:
            return self._hole(hole_read(width), address)
        value = window.device.read(address - window.start, width) & ((1 << 8 * width) - 1)
        return self.rules.value_read(window.device, address - window.start, width, value) if self._special else value

    def write_device(self, address: int, width: int, value: int) -> None:
        """A write that no memory answers."""
        window = self.window_at(address)
        if self._special and self.rules.refuses_write(address, width, value):
            return
        if window is None:
            self._hole(hole_write(width), address, value)
            return
        value &= (1 << 8 * width) - 1
        if self._special:
            value = self.rules.value_to_write(window.device, address - window.start, width, value)
        window.device.write(address - window.start, width, value)
