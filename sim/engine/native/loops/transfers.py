# mypy: disable-error-code="no-untyped-call,no-any-return"
"""Loads and stores (ARM DDI 0403E A4.6, A4.7), and the loads among them that jump."""

from __future__ import annotations

from typing import Any

from sim.engine.native.loops.blocks import Instruction
from sim.engine.native.loops.forms import LR, PC, Fields
from sim.engine.native.loops.lift import I8, I16, I32, Lifter, operation, word


@operation("load")
def _load(lifter: Lifter, instruction: Instruction) -> None:
    b = lifter.builder
    fields, options = instruction.fields, instruction.form.options
    address, after = _address(lifter, instruction)
    size = int(options["size"])
    value = lifter.memory.load(address, size)
    if size < 4:
        value = b.sext(value, I32) if options.get("signed") == "yes" else b.zext(value, I32)
    _write_back(lifter, fields, after)
    lifter.set(fields["t"], value)


@operation("store")
def _store(lifter: Lifter, instruction: Instruction) -> None:
    fields, size = instruction.fields, int(instruction.form.options["size"])
    value = lifter.get(fields["t"])
    if size < 4:
        value = lifter.builder.trunc(value, I8 if size == 1 else I16)
    address, after = _address(lifter, instruction)
    lifter.memory.store(address, value, size)
    _write_back(lifter, fields, after)


@operation("load_pair")
def _load_pair(lifter: Lifter, instruction: Instruction) -> None:
    fields = instruction.fields
    address, after = _address(lifter, instruction)
    lifter.memory.require_aligned(address)
    low, high = lifter.memory.load(address, 4), lifter.memory.load(_step(lifter, address, 4), 4)
    _write_back(lifter, fields, after)
    lifter.set(fields["t"], low)
    lifter.set(fields["e"], high)


@operation("store_pair")
def _store_pair(lifter: Lifter, instruction: Instruction) -> None:
    fields = instruction.fields
    low, high = lifter.get(fields["t"]), lifter.get(fields["e"])
    address, after = _address(lifter, instruction)
    lifter.memory.require_aligned(address)
    lifter.memory.store(address, low, 4)
    lifter.memory.store(_step(lifter, address, 4), high, 4)
    _write_back(lifter, fields, after)


@operation("load_many")
def _load_many(lifter: Lifter, instruction: Instruction) -> None:
    jump_by_pop(lifter, instruction)


@operation("store_many")
def _store_many(lifter: Lifter, instruction: Instruction) -> None:
    fields = instruction.fields
    registers = _registers(fields)
    start, after = _span(lifter, instruction, len(registers))
    lifter.memory.require_aligned(start)
    for place, register in enumerate(registers):
        lifter.memory.store(_step(lifter, start, 4 * place), lifter.get(register), 4)
    if fields["w"]:
        lifter.set(fields["n"], after)


def jump_by_pop(lifter: Lifter, instruction: Instruction) -> Any:
    """A load of several registers: sets them all but the PC; returns what the last one in the list is to be."""
    fields = instruction.fields
    registers = _registers(fields)
    start, after = _span(lifter, instruction, len(registers))
    lifter.memory.require_aligned(start)
    values = [lifter.memory.load(_step(lifter, start, 4 * place), 4) for place in range(len(registers))]
    if fields["w"] and fields["n"] not in registers:
        lifter.set(fields["n"], after)
    for register, value in zip(registers, values, strict=True):
        if register != PC:
            lifter.set(register, value)
    return values[-1]


def jump_by_load(lifter: Lifter, instruction: Instruction) -> Any:
    """LDR to the PC, its base written back where it says so: what the PC is to be."""
    address, after = _address(lifter, instruction)
    target = lifter.memory.load(address, 4)
    _write_back(lifter, instruction.fields, after)
    return target


def _registers(fields: Fields) -> list[int]:
    """The list, lowest first, as memory has them (A4.7)."""
    return [
        *(which for which in range(13) if fields["r"] >> which & 1),
        *([LR] if fields.get("L") else []),
        *([PC] if fields.get("P") else []),
    ]


def _span(lifter: Lifter, instruction: Instruction, count: int) -> tuple[Any, Any]:
    """Where a list of registers starts in memory, and the base behind it."""
    base = lifter.get(instruction.fields["n"])
    if instruction.form.options["before"] == "yes":
        start = _step(lifter, base, -4 * count)
        return start, start
    return base, _step(lifter, base, 4 * count)


def _address(lifter: Lifter, instruction: Instruction) -> tuple[Any, Any | None]:
    """The address of a transfer, and the base register's value behind it; None when the base stays."""
    b = lifter.builder
    fields, options = instruction.fields, instruction.form.options
    if "m" in fields:
        return b.add(lifter.get(fields["n"]), b.shl(lifter.get(fields["m"]), word(fields.get("i", 0)))), None
    offset = fields["i"] * int(options["scale"])
    if not fields.get("u", 1):
        offset = -offset
    if fields["n"] == PC:
        return word(instruction.aligned_pc + offset), None
    base = lifter.get(fields["n"])
    moved = _step(lifter, base, offset)
    return moved if fields.get("p", 1) else base, moved if fields.get("w", 0) else None


def _write_back(lifter: Lifter, fields: Fields, after: Any | None) -> None:
    if after is not None:
        lifter.set(fields["n"], after)


def _step(lifter: Lifter, address: Any, offset: int) -> Any:
    if not offset:
        return address
    result = lifter.builder.add(address, word(offset))
    lifter.memory.derive(result, address, offset)
    return result
