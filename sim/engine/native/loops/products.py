# mypy: disable-error-code="no-untyped-call,no-any-return"
"""Multiplications, those of the DSP extension included (ARM DDI 0403E A4.4.3 to A4.4.5)."""

from __future__ import annotations

from typing import Any

from llvmlite import ir

from sim.engine.native.loops.blocks import Instruction
from sim.engine.native.loops.forms import Fields
from sim.engine.native.loops.lift import I8, I32, I64, Lifter, operation, word


@operation("mul")
def _mul(lifter: Lifter, instruction: Instruction) -> None:
    fields = instruction.fields
    result = lifter.builder.mul(lifter.first(fields), lifter.get(fields["m"]))
    if instruction.sets_flags:
        lifter.set_nz(result)
    lifter.set(fields["d"], result)


@operation("mla")
def _mla(lifter: Lifter, instruction: Instruction) -> None:
    fields = instruction.fields
    product = lifter.builder.mul(lifter.get(fields["n"]), lifter.get(fields["m"]))
    lifter.set(fields["d"], lifter.builder.add(lifter.get(fields["a"]), product))


@operation("mls")
def _mls(lifter: Lifter, instruction: Instruction) -> None:
    fields = instruction.fields
    product = lifter.builder.mul(lifter.get(fields["n"]), lifter.get(fields["m"]))
    lifter.set(fields["d"], lifter.builder.sub(lifter.get(fields["a"]), product))


@operation("half_product")
def _half_product(lifter: Lifter, instruction: Instruction) -> None:
    fields = instruction.fields
    result = lifter.builder.mul(_half(lifter, fields, "n", fields["x"]), _half(lifter, fields, "m", fields["z"]))
    lifter.set(fields["d"], _accumulated(lifter, fields, result))


@operation("word_half_product")
def _word_half_product(lifter: Lifter, instruction: Instruction) -> None:
    """The upper 32 bits of the product's 48."""
    b = lifter.builder
    fields = instruction.fields
    wide = b.mul(b.sext(lifter.get(fields["n"]), I64), b.sext(_half(lifter, fields, "m", fields["x"]), I64))
    result = b.trunc(b.ashr(wide, ir.Constant(I64, 16)), I32)
    lifter.set(fields["d"], _accumulated(lifter, fields, result))


@operation("dual_product")
def _dual_product(lifter: Lifter, instruction: Instruction) -> None:
    b = lifter.builder
    fields = instruction.fields
    low, high = _products(lifter, fields)
    if instruction.form.options["subtract"] == "yes":
        result = _accumulated(lifter, fields, b.sub(low, high))
    else:
        # QEMU's order: the two products first, each addition setting Q by itself.
        result = _accumulated(lifter, fields, _add_setting_q(lifter, low, high))
    lifter.set(fields["d"], result)


@operation("high_product")
def _high_product(lifter: Lifter, instruction: Instruction) -> None:
    """SMMUL, SMMLA, SMMLS: the upper word of 64 bits, rounded where ``x`` says so."""
    b = lifter.builder
    fields = instruction.fields
    wide = b.mul(b.sext(lifter.get(fields["n"]), I64), b.sext(lifter.get(fields["m"]), I64))
    if "a" in fields:
        base = b.shl(b.zext(lifter.get(fields["a"]), I64), ir.Constant(I64, 32))
        wide = b.sub(base, wide) if instruction.form.options["subtract"] == "yes" else b.add(base, wide)
    if fields["x"]:
        wide = b.add(wide, ir.Constant(I64, 0x80000000))
    lifter.set(fields["d"], b.trunc(b.lshr(wide, ir.Constant(I64, 32)), I32))


@operation("absolute_differences")
def _absolute_differences(lifter: Lifter, instruction: Instruction) -> None:
    b = lifter.builder
    fields = instruction.fields
    left, right = lifter.get(fields["n"]), lifter.get(fields["m"])
    result = lifter.get(fields["a"]) if "a" in fields else word(0)
    for place in range(0, 32, 8):
        first, second = (b.zext(b.trunc(b.lshr(value, word(place)), I8), I32) for value in (left, right))
        difference = b.sub(first, second)
        result = b.add(result, b.select(b.icmp_signed("<", difference, word(0)), b.neg(difference), difference))
    lifter.set(fields["d"], result)


@operation("long_product")
def _long_product(lifter: Lifter, instruction: Instruction) -> None:
    b = lifter.builder
    fields, options = instruction.fields, instruction.form.options
    extend = b.sext if options["signed"] == "yes" else b.zext
    wide = b.mul(extend(lifter.get(fields["n"]), I64), extend(lifter.get(fields["m"]), I64))
    if options["add"] == "pair":
        wide = b.add(wide, _pair(lifter, fields))
    elif options["add"] == "both":
        for part in ("e", "h"):
            wide = b.add(wide, b.zext(lifter.get(fields[part]), I64))
    _set_pair(lifter, fields, wide)


@operation("long_half_product")
def _long_half_product(lifter: Lifter, instruction: Instruction) -> None:
    b = lifter.builder
    fields = instruction.fields
    product = b.mul(_half(lifter, fields, "n", fields["x"]), _half(lifter, fields, "m", fields["z"]))
    _set_pair(lifter, fields, b.add(_pair(lifter, fields), b.sext(product, I64)))


@operation("long_dual_product")
def _long_dual_product(lifter: Lifter, instruction: Instruction) -> None:
    b = lifter.builder
    fields = instruction.fields
    low, high = (b.sext(product, I64) for product in _products(lifter, fields))
    both = b.sub(low, high) if instruction.form.options["subtract"] == "yes" else b.add(low, high)
    _set_pair(lifter, fields, b.add(_pair(lifter, fields), both))


@operation("saturating_add")
def _saturating_add(lifter: Lifter, instruction: Instruction) -> None:
    """QADD, QSUB, QDADD, QDSUB: ``m`` plus or minus ``n``, which is doubled first in two of them."""
    b = lifter.builder
    fields, options = instruction.fields, instruction.form.options
    left, right = lifter.get(fields["m"]), lifter.get(fields["n"])
    if options["double"] == "yes":
        right = _clamped(lifter, b.shl(b.sext(right, I64), ir.Constant(I64, 1)))
    left, right = b.sext(left, I64), b.sext(right, I64)
    lifter.set(
        fields["d"], _clamped(lifter, b.sub(left, right) if options["subtract"] == "yes" else b.add(left, right))
    )


def _clamped(lifter: Lifter, wide: Any) -> Any:
    b = lifter.builder
    lowest, highest = ir.Constant(I64, -(1 << 31)), ir.Constant(I64, (1 << 31) - 1)
    below, above = b.icmp_signed("<", wide, lowest), b.icmp_signed(">", wide, highest)
    lifter.saturated_if(b.or_(below, above))
    return b.trunc(b.select(below, lowest, b.select(above, highest, wide)), I32)


def _half(lifter: Lifter, fields: Fields, which: str, top: int) -> Any:
    """A half-word of a register as a signed word."""
    b = lifter.builder
    value = lifter.get(fields[which])
    return b.ashr(value if top else b.shl(value, word(16)), word(16))


def _products(lifter: Lifter, fields: Fields) -> tuple[Any, Any]:
    """Products of the lower and the upper half-words; ``x`` swaps those of ``m``."""
    crossed = fields["x"]
    low = lifter.builder.mul(_half(lifter, fields, "n", 0), _half(lifter, fields, "m", crossed))
    high = lifter.builder.mul(_half(lifter, fields, "n", 1), _half(lifter, fields, "m", 1 - crossed))
    return low, high


def _accumulated(lifter: Lifter, fields: Fields, result: Any) -> Any:
    return _add_setting_q(lifter, result, lifter.get(fields["a"])) if "a" in fields else result


def _add_setting_q(lifter: Lifter, left: Any, right: Any) -> Any:
    both = lifter.builder.sadd_with_overflow(left, right)
    lifter.saturated_if(lifter.builder.extract_value(both, 1))
    return lifter.builder.extract_value(both, 0)


def _pair(lifter: Lifter, fields: Fields) -> Any:
    b = lifter.builder
    high = b.shl(b.zext(lifter.get(fields["h"]), I64), ir.Constant(I64, 32))
    return b.or_(high, b.zext(lifter.get(fields["e"]), I64))


def _set_pair(lifter: Lifter, fields: Fields, wide: Any) -> None:
    b = lifter.builder
    lifter.set(fields["e"], b.trunc(wide, I32))
    lifter.set(fields["h"], b.trunc(b.lshr(wide, ir.Constant(I64, 32)), I32))
