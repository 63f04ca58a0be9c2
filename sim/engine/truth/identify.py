"""Which chip a board has, so that nothing is judged by another's data.

A board says it in three ways, and the first that it uses counts: by DEV_ID in the debug unit's IDCODE (a device or a
tag), by the names of the files that describe it, by its memories. A core of another type, or no RCC where the chip's
is, rules a chip out.
"""

from __future__ import annotations

import re

from sim.engine.bus import Bus
from sim.engine.machine import Machine
from sim.engine.truth.chip_data import ChipMemory, ChipTruth, load_all

_NAME = re.compile(r"(?:^|[^a-z0-9])(?:stm32)?([fghluw][0-9][0-9a-z]{2})")
_SRAM = (0x20000000, 0x40000000)
_DEVICE = 0xFFF


def chip_of(machine: Machine) -> ChipTruth | None:
    """The chip of a machine with a core; None when nobody has described it."""
    bus = machine.sysbus
    possible = [chip for chip in load_all() if _fits(chip, machine)]
    known = {chip.identity.register for chip in possible if bus.answers(chip.identity.register)}
    if known:
        devices = {register: bus.read(register, 4) & _DEVICE for register in known}
        possible = [chip for chip in possible if devices.get(chip.identity.register) == chip.identity.device]
        return possible[0] if possible else None
    names = chip_names(machine.board_files)
    if names:
        return next((chip for chip in possible if names & set(chip.identity.names)), None)
    return next((chip for chip in possible if _has_memories_of(bus, chip)), None)


def chip_names(files: list[str]) -> set[str]:
    """Names of chips, such as "h743", in names of files."""
    stems = [re.split(r"[/\\]", file)[-1].rsplit(".", 1)[0].lower() for file in files]
    return {name for stem in stems for name in _NAME.findall(stem)}


def _fits(chip: ChipTruth, machine: Machine) -> bool:
    window = machine.sysbus.window_at(chip.rcc)
    if window is None or window.start != chip.rcc or "rcc" not in window.device.name.lower():
        return False
    return machine.cpu.cpu_type == chip.identity.core


def _has_memories_of(bus: Bus, chip: ChipTruth) -> bool:
    """On-chip SRAM (all below the peripherals) is what the chip has: each of its memories whole or not at all, the
    largest there, nothing beside."""
    own = [memory for memory in chip.memories if _SRAM[0] <= memory.first < _SRAM[1]]
    board = [(start, end) for start, end, _ in bus.memories if _SRAM[0] <= start < _SRAM[1]]
    covered = {memory: sum(_overlap(span, memory) for span in board) for memory in own}
    if any(0 < size < memory.end - memory.first for memory, size in covered.items()):
        return False
    beside = sum(end - start for start, end in board) - sum(covered.values())
    largest = max(own, key=lambda memory: memory.end - memory.first)
    return covered[largest] > 0 and not beside


def _overlap(span: tuple[int, int], memory: ChipMemory) -> int:
    return max(0, min(span[1], memory.end) - max(span[0], memory.first))
