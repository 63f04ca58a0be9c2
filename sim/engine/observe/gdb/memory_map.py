"""What lies where, for GDB: flash is erased and written by ``load``, and gets hardware breakpoints."""

from __future__ import annotations

from collections.abc import Iterable

from sim.engine.bus import Bus
from sim.engine.observe.gdb.debuggee import Area

ERASE_BLOCK = 0x1000
"""Bytes that one erasure takes, as told to the client: less than a chip's sector, so that nothing else is lost."""
_STM32_FLASH = range(0x08000000, 0x10000000)
"""RM0433 table 7, and the same in all other families."""
_NAMES = ("flash", "rom")


def areas(bus: Bus) -> list[Area]:
    """Memories and, as RAM, whatever devices may answer; rising and apart."""
    found = [(start, end, _is_flash(start, memory.name)) for start, end, memory in bus.memories]
    found += [(window.start, window.end, False) for window in bus.windows]
    found += [(first, end, False) for first, end in bus.bridges]
    found.append((0xE0000000, 0xE0100000, False))
    joined: list[Area] = []
    for start, end, flash in sorted(found):
        kind = "flash" if flash else "ram"
        first = max(start, joined[-1].end) if joined else start
        if first >= end:
            continue
        if joined and joined[-1].end == first and joined[-1].kind == kind:
            joined[-1] = Area(joined[-1].start, end, kind)
        else:
            joined.append(Area(first, end, kind))
    return joined


def _is_flash(start: int, name: str) -> bool:
    lower = name.lower()
    return start in _STM32_FLASH or any(each in lower for each in _NAMES)


def memory_map(found: Iterable[Area]) -> str:
    """The document of ``qXfer:memory-map:read``."""
    lines = [
        '<?xml version="1.0"?>',
        '<!DOCTYPE memory-map PUBLIC "+//IDN gnu.org//DTD GDB Memory Map V1.0//EN"'
        ' "http://sourceware.org/gdb/gdb-memory-map.dtd">',
        "<memory-map>",
    ]
    for each in found:
        head = f'<memory type="{each.kind}" start="0x{each.start:x}" length="0x{each.end - each.start:x}"'
        tail = f'><property name="blocksize">0x{ERASE_BLOCK:x}</property></memory>' if each.kind == "flash" else "/>"
        lines.append(head + tail)
    return "\n".join((*lines, "</memory-map>"))
