# mypy: disable-error-code="no-untyped-call,no-any-return"
"""Data processing: arithmetic, logic, shifts, bit fields, extensions (ARM DDI 0403E A4.4)."""

from __future__ import annotations

from typing import Any

from llvmlite import ir

from sim.engine.native.loops.blocks import Instruction
from sim.engine.native.loops.lift import CF, I1, I8, I16, I32, I64, VF, Lifter, operation, word


@operation("nothing")
def _nothing(lifter: Lifter, instruction: Instruction) -> None:
    """NOP, and IT, whose conditions the instructions behind it carry."""


@operation("add", "sub", "rsb", "adc", "sbc", "cmp", "cmn")
def _arithmetic(lifter: Lifter, instruction: Instruction) -> None:
    b = lifter.builder
    name, fields = instruction.form.operation, instruction.fields
    first, (second, _) = lifter.first(fields), lifter.second(instruction)
    left, right, carry_in = first, second, word(0)
    if name in ("sub", "cmp"):
        right, carry_in = b.not_(second), word(1)
    elif name == "rsb":
        left, right, carry_in = second, b.not_(first), word(1)
    elif name == "sbc":
        right, carry_in = b.not_(second), lifter.get(CF)
    elif name == "adc":
        carry_in = lifter.get(CF)
    if instruction.sets_flags:
        wide = b.add(b.add(b.zext(left, I64), b.zext(right, I64)), b.zext(carry_in, I64))
        result = b.trunc(wide, I32)
        lifter.set_nz(result)
        lifter.set(CF, b.trunc(b.lshr(wide, ir.Constant(I64, 32)), I32))
        lifter.set(VF, b.and_(b.xor(left, result), b.xor(right, result)))
    elif name == "add":
        result = b.add(first, second)
    elif name == "sub":
        result = b.sub(first, second)
    else:
        result = b.add(b.add(left, right), carry_in)
    if name in ("add", "sub") and isinstance(second, ir.Constant):
        lifter.memory.derive(result, first, second.constant if name == "add" else -second.constant)
    if name not in ("cmp", "cmn"):
        lifter.set(fields["d"], result)


@operation("and", "orr", "eor", "bic", "orn", "tst", "teq", "mov", "mvn")
def _logic(lifter: Lifter, instruction: Instruction) -> None:
    b = lifter.builder
    name, fields = instruction.form.operation, instruction.fields
    right, carry = lifter.second(instruction)
    if name in ("mvn", "bic", "orn"):
        right = b.not_(right)
    if name in ("mov", "mvn"):
        result = right
    else:
        combine = {"and": b.and_, "tst": b.and_, "bic": b.and_, "orr": b.or_, "orn": b.or_}.get(name, b.xor)
        result = combine(lifter.first(fields), right)
    if instruction.sets_flags:
        lifter.set_nz(result)
        if carry is not None:
            lifter.set(CF, carry)
    if name not in ("tst", "teq"):
        lifter.set(fields["d"], result)


@operation("shift")
def _shift(lifter: Lifter, instruction: Instruction) -> None:
    fields, options = instruction.fields, instruction.form.options
    if options["by"] == "imm":
        result, carry = lifter.shifted_by_immediate(lifter.get(fields["m"]), options["kind"], fields["i"])
    else:
        amount = lifter.builder.and_(lifter.get(fields["m"]), word(0xFF))
        result, carry = lifter.shifted(lifter.first(fields), options["kind"], amount)
    if instruction.sets_flags:
        lifter.set_nz(result)
        if carry is not None:
            lifter.set(CF, carry)
    lifter.set(fields["d"], result)


@operation("movt")
def _movt(lifter: Lifter, instruction: Instruction) -> None:
    fields = instruction.fields
    low = lifter.builder.and_(lifter.get(fields["d"]), word(0xFFFF))
    lifter.set(fields["d"], lifter.builder.or_(low, word((fields["j"] << 12 | fields["i"]) << 16)))


@operation("adr")
def _adr(lifter: Lifter, instruction: Instruction) -> None:
    fields = instruction.fields
    offset = fields["i"] * int(instruction.form.options["scale"])
    lifter.set(fields["d"], word(instruction.aligned_pc + (offset if fields["u"] else -offset)))


@operation("divide")
def _divide(lifter: Lifter, instruction: Instruction) -> None:
    """A division by 0 is left to Unicorn, for it may trap (CCR.DIV_0_TRP); the lowest number by -1 is itself."""
    b = lifter.builder
    fields = instruction.fields
    left, right = lifter.get(fields["n"]), lifter.get(fields["m"])
    lifter.memory.leave_unless(b.icmp_unsigned("!=", right, word(0)))
    if instruction.form.options["signed"] == "yes":
        result = b.trunc(b.sdiv(b.sext(left, I64), b.sext(right, I64)), I32)
    else:
        result = b.udiv(left, right)
    lifter.set(fields["d"], result)


@operation("clz")
def _clz(lifter: Lifter, instruction: Instruction) -> None:
    count = lifter.builder.ctlz(lifter.get(instruction.fields["m"]), ir.Constant(I1, 0))
    lifter.set(instruction.fields["d"], count)


@operation("rbit")
def _rbit(lifter: Lifter, instruction: Instruction) -> None:
    lifter.set(instruction.fields["d"], lifter.builder.bitreverse(lifter.get(instruction.fields["m"])))


@operation("rev")
def _rev(lifter: Lifter, instruction: Instruction) -> None:
    lifter.set(instruction.fields["d"], lifter.builder.bswap(lifter.get(instruction.fields["m"])))


@operation("rev16")
def _rev16(lifter: Lifter, instruction: Instruction) -> None:
    swapped = lifter.builder.bswap(lifter.get(instruction.fields["m"]))
    lifter.set(instruction.fields["d"], lifter.rotated(swapped, 16))


@operation("revsh")
def _revsh(lifter: Lifter, instruction: Instruction) -> None:
    swapped = lifter.builder.bswap(lifter.get(instruction.fields["m"]))
    lifter.set(instruction.fields["d"], lifter.builder.ashr(swapped, word(16)))


@operation("extract")
def _extract(lifter: Lifter, instruction: Instruction) -> None:
    """UBFX, SBFX: the bit field comes to the top, then down to bit 0."""
    b = lifter.builder
    fields = instruction.fields
    width = fields["x"] + 1
    up = b.shl(lifter.get(fields["n"]), word(32 - width - fields["i"]))
    down = b.ashr if instruction.form.options["signed"] == "yes" else b.lshr
    lifter.set(fields["d"], down(up, word(32 - width)))


@operation("insert")
def _insert(lifter: Lifter, instruction: Instruction) -> None:
    """BFI; BFC, which has no source, inserts zeros."""
    b = lifter.builder
    fields = instruction.fields
    least, most = fields["i"], fields["x"]
    mask = (1 << most + 1) - (1 << least)
    kept = b.and_(lifter.get(fields["d"]), word(~mask))
    if "n" in fields:
        kept = b.or_(kept, b.and_(b.shl(lifter.get(fields["n"]), word(least)), word(mask)))
    lifter.set(fields["d"], kept)


@operation("pack")
def _pack(lifter: Lifter, instruction: Instruction) -> None:
    """PKHBT takes the lower half of ``n``, PKHTB the upper."""
    b = lifter.builder
    fields = instruction.fields
    top_first = bool(fields["x"])
    first = lifter.get(fields["n"])
    second, _ = lifter.shifted_by_immediate(lifter.get(fields["m"]), "asr" if top_first else "lsl", fields["i"])
    low, high = (second, first) if top_first else (first, second)
    lifter.set(fields["d"], b.or_(b.and_(low, word(0xFFFF)), b.and_(high, word(0xFFFF0000))))


@operation("saturate")
def _saturate(lifter: Lifter, instruction: Instruction) -> None:
    """SSAT to ``x`` + 1 bits, USAT to ``x``."""
    b = lifter.builder
    fields = instruction.fields
    signed = instruction.form.options["signed"] == "yes"
    lowest, highest = (-1 << fields["x"], (1 << fields["x"]) - 1) if signed else (0, (1 << fields["x"]) - 1)
    kind = "asr" if fields["z"] else "lsl"
    value, _ = lifter.shifted_by_immediate(lifter.get(fields["n"]), kind, fields["i"])
    below, above = b.icmp_signed("<", value, word(lowest)), b.icmp_signed(">", value, word(highest))
    lifter.saturated_if(b.or_(below, above))
    lifter.set(fields["d"], b.select(below, word(lowest), b.select(above, word(highest), value)))


@operation("extend")
def _extend(lifter: Lifter, instruction: Instruction) -> None:
    b = lifter.builder
    fields, options = instruction.fields, instruction.form.options
    value = lifter.rotated(lifter.get(fields["m"]), 8 * fields["i"])
    narrow = b.trunc(value, I8 if options["width"] == "8" else I16)
    result = _widened(lifter, narrow, options["signed"])
    lifter.set(fields["d"], b.add(lifter.get(fields["n"]), result) if "n" in fields else result)


@operation("extend_pair")
def _extend_pair(lifter: Lifter, instruction: Instruction) -> None:
    """Bytes 0 and 2 to half-words, each added to that of ``n`` where there is one."""
    b = lifter.builder
    fields, signed = instruction.fields, instruction.form.options["signed"]
    value = lifter.rotated(lifter.get(fields["m"]), 8 * fields["i"])
    low = _widened(lifter, b.trunc(value, I8), signed)
    high = _widened(lifter, b.trunc(b.lshr(value, word(16)), I8), signed)
    if "n" in fields:
        first = lifter.get(fields["n"])
        low, high = b.add(first, low), b.add(b.lshr(first, word(16)), high)
    lifter.set(fields["d"], b.or_(b.and_(low, word(0xFFFF)), b.shl(high, word(16))))


def _widened(lifter: Lifter, narrow: Any, signed: str) -> Any:
    return lifter.builder.sext(narrow, I32) if signed == "yes" else lifter.builder.zext(narrow, I32)
