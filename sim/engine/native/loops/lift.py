# mypy: disable-error-code="no-untyped-call,no-any-return"
"""Instructions of a block as LLVM intermediate code: the values of registers and flags, and what operations share.

Values are SSA: a ``Lifter`` knows the present value of each register and flag. Flags are kept as QEMU keeps them: N
and V are bit 31 of a word, Z is a word that is 0, C and Q are 0 or 1. Where ARM leaves room, the answer is QEMU's.

``data.py``, ``products.py`` and ``transfers.py`` hold the operations the table of forms names.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir

from sim.engine.native.loops.blocks import ALWAYS, Instruction
from sim.engine.native.loops.forms import PC, Fields
from sim.engine.native.loops.memory import MemoryAccess

I1, I8, I16, I32, I64 = (ir.IntType(bits) for bits in (1, 8, 16, 32, 64))
NF, ZF, CF, VF, QF = 16, 17, 18, 19, 20
"""Numbers of the flags, behind those of the registers."""
VALUES = 21
SHIFTS = ("lsl", "lsr", "asr", "ror")

Operation = Callable[["Lifter", Instruction], None]
OPERATIONS: dict[str, Operation] = {}
"""What each operation of the table does; jumps are the compiler's."""


def operation(*names: str) -> Callable[[Operation], Operation]:
    """Register a function as the operation of these names."""

    def register(function: Operation) -> Operation:
        for name in names:
            OPERATIONS[name] = function
        return function

    return register


def word(value: int) -> ir.Constant:
    """A 32-bit constant."""
    return ir.Constant(I32, value & 0xFFFFFFFF)


class Lifter:
    """Lifts the instructions of one block, in order. ``values``: registers 0 to 14 and flags, by number."""

    def __init__(self, builder: ir.IRBuilder, values: list[Any], memory: MemoryAccess) -> None:
        self.builder = builder
        self.memory = memory
        self.written: dict[int, Any] = {}
        self._initial = values

    def get(self, which: int) -> Any:
        """The present value of a register or flag."""
        assert which != PC, "the table has no form that reads the PC as a register"
        value = self.written.get(which)
        return self._initial[which] if value is None else value

    def set(self, which: int, value: Any) -> None:
        """Give a register or flag a new value."""
        assert which != PC, "the table has no form that writes the PC but jumps"
        self.written[which] = value

    def lift(self, instruction: Instruction) -> None:
        """Any instruction but a jump."""
        perform = OPERATIONS[instruction.form.operation]
        if instruction.condition == ALWAYS:
            perform(self, instruction)
        else:
            self._conditionally(instruction, perform)

    def condition(self, code: int) -> Any:
        """An i1: whether a condition (A7.3) holds now."""
        b = self.builder
        base, inverted = code & ~1, code & 1
        zero = lambda: b.icmp_unsigned("==", self.get(ZF), word(0))  # noqa: E731
        if base == 0:
            holds = zero()
        elif base == 2:
            holds = b.icmp_unsigned("!=", self.get(CF), word(0))
        elif base == 4:
            holds = b.icmp_signed("<", self.get(NF), word(0))
        elif base == 6:
            holds = b.icmp_signed("<", self.get(VF), word(0))
        elif base == 8:
            holds = b.and_(b.icmp_unsigned("!=", self.get(CF), word(0)), b.not_(zero()))
        else:
            holds = b.icmp_signed(">=", b.xor(self.get(NF), self.get(VF)), word(0))
            if base == 12:
                holds = b.and_(holds, b.not_(zero()))
        return b.not_(holds) if inverted else holds

    def _conditionally(self, instruction: Instruction, perform: Operation) -> None:
        b = self.builder
        holds = self.condition(instruction.condition)
        before = dict(self.written)
        origin = b.block
        then = b.append_basic_block("then")
        join = b.append_basic_block("join")
        b.cbranch(holds, then, join)
        b.position_at_end(then)
        self.memory.enter_condition()
        perform(self, instruction)
        last = b.block
        b.branch(join)
        b.position_at_end(join)
        self.memory.leave_condition(origin, last)
        for which in [w for w, value in self.written.items() if before.get(w) is not value]:
            value = self.written[which]
            phi = b.phi(I32)
            phi.add_incoming(value, last)
            old = before.get(which)
            phi.add_incoming(self._initial[which] if old is None else old, origin)
            self.written[which] = phi

    # What operations share

    def first(self, fields: Fields) -> Any:
        """The first operand: ``n``, or the destination itself where the encoding has no ``n``."""
        return self.get(fields["n"] if "n" in fields else fields["d"])

    def second(self, instruction: Instruction) -> tuple[Any, Any | None]:
        """The second operand, and the carry it makes; None for the carry as it was."""
        fields, options = instruction.fields, instruction.form.options
        kind = options["second"]
        if kind == "reg":
            return self.get(fields["m"]), None
        if kind == "shifted":
            return self.shifted_by_immediate(self.get(fields["m"]), SHIFTS[fields["y"]], fields["i"])
        value, carry = _immediate(kind, fields, int(options.get("scale", "1")))
        return word(value), None if carry is None else word(carry)

    def shifted_by_immediate(self, value: Any, kind: str, amount: int) -> tuple[Any, Any | None]:
        """A7.4.2: an amount of 0 is 32 for LSR and ASR, and RRX for ROR; the result and its carry."""
        if amount == 0 and kind == "lsl":
            return value, None
        if amount == 0 and kind == "ror":
            b = self.builder
            result = b.or_(b.lshr(value, word(1)), b.shl(self.get(CF), word(31)))
            return result, b.and_(value, word(1))
        return self.shifted(value, kind, word(amount or 32))

    def shifted(self, value: Any, kind: str, amount: Any) -> tuple[Any, Any]:
        """A7.4.2 with an amount of 0 to 255: the result and the carry (of an amount of 0: the carry as it was)."""
        b = self.builder
        none = b.icmp_unsigned("==", amount, word(0))
        old = self.get(CF)
        if kind == "ror":
            by = b.and_(amount, word(31))
            wide = b.zext(value, I64)
            both = b.or_(wide, b.shl(wide, ir.Constant(I64, 32)))
            result = b.trunc(b.lshr(both, b.zext(by, I64)), I32)
            return result, b.select(none, old, b.lshr(result, word(31)))
        limited = b.select(b.icmp_unsigned(">", amount, word(33)), word(33), amount)
        by = b.zext(limited, I64)
        if kind == "lsl":
            wide = b.shl(b.zext(value, I64), by)
            result = b.trunc(wide, I32)
            carry = b.and_(b.trunc(b.lshr(wide, ir.Constant(I64, 32)), I32), word(1))
        else:
            extended = b.sext(value, I64) if kind == "asr" else b.zext(value, I64)
            wide = b.shl(extended, ir.Constant(I64, 1))  # the bit shifted out last stays in bit 0
            wide = b.ashr(wide, by) if kind == "asr" else b.lshr(wide, by)
            result = b.trunc(b.lshr(wide, ir.Constant(I64, 1)), I32)
            carry = b.and_(b.trunc(wide, I32), word(1))
        return result, b.select(none, old, carry)

    def rotated(self, value: Any, amount: int) -> Any:
        """ROR by a number of bits."""
        if not amount:
            return value
        b = self.builder
        return b.or_(b.lshr(value, word(amount)), b.shl(value, word(32 - amount)))

    def set_nz(self, result: Any) -> None:
        """N and Z of a result."""
        self.set(NF, result)
        self.set(ZF, result)

    def saturated_if(self, flag: Any) -> None:
        """Q stays set once something has saturated or overflowed."""
        self.set(QF, self.builder.or_(self.get(QF), self.builder.zext(flag, I32)))


def _immediate(kind: str, fields: Fields, scale: int) -> tuple[int, int | None]:
    """An immediate and the carry it makes."""
    if kind == "zero":
        return 0, None
    if kind == "imm":
        return fields["i"] * scale, None
    if kind == "wide":
        return fields["j"] << 12 | fields["i"], None
    assert kind == "expanded", kind
    return expanded(fields["i"])


def expanded(bits: int) -> tuple[int, int | None]:
    """A5.3.2: a modified immediate of 12 bits, and the carry it makes; None where it makes none."""
    byte = bits & 0xFF
    if bits >> 10 == 0:
        return byte * (0x00000001, 0x00010001, 0x01000100, 0x01010101)[bits >> 8], None
    rotation, byte = bits >> 7, byte | 0x80
    value = (byte >> rotation | byte << 32 - rotation) & 0xFFFFFFFF
    return value, value >> 31
