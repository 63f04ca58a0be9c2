# mypy: disable-error-code="no-untyped-call,no-any-return,no-untyped-def"
"""One Thumb instruction as LLVM intermediate code (ARM DDI 0403E, chapter A7, gives what each does).

Values are SSA: a ``Lifter`` knows the present value of each register and flag. Flags are kept as QEMU keeps them: N
and V are bit 31 of a word, Z is a word that is 0, C and Q are 0 or 1. Where ARM leaves room, the answer is QEMU's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from capstone import arm  # type: ignore[import-untyped]
from llvmlite import ir

from sim.engine.loops.blocks import PC, is_conditional, number
from sim.engine.loops.memory import MemoryAccess

I1, I8, I16, I32, I64 = (ir.IntType(bits) for bits in (1, 8, 16, 32, 64))
NF, ZF, CF, VF, QF = 16, 17, 18, 19, 20
"""Numbers of the flags, behind those of the registers."""
SP, LR = 13, 14
VALUES = 21

_LOADS = {"ldr": (4, False), "ldrb": (1, False), "ldrh": (2, False), "ldrsb": (1, True), "ldrsh": (2, True)}
_STORES = {"str": 4, "strb": 1, "strh": 2}
_SHIFTS = {
    arm.ARM_SFT_ASR: "asr",
    arm.ARM_SFT_LSL: "lsl",
    arm.ARM_SFT_LSR: "lsr",
    arm.ARM_SFT_ROR: "ror",
}


class UnsupportedError(Exception):
    """An instruction, or a form of one, that is left to Unicorn."""


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
        if which == PC:
            raise UnsupportedError("pc as an operand")
        value = self.written.get(which)
        return self._initial[which] if value is None else value

    def set(self, which: int, value: Any) -> None:
        """Give a register or flag a new value."""
        if not 0 <= which < VALUES or which == PC:
            raise UnsupportedError("a register that is not general")
        self.written[which] = value

    # An instruction

    def lift(self, instruction: Any) -> None:
        """Any instruction but the jump that ends a block; raises ``UnsupportedError``."""
        name = instruction.insn_name()
        if name == "it" or bytes(instruction.bytes) in (b"\x00\xbf", b"\xaf\xf3\x00\x80"):
            return
        if is_conditional(instruction):
            self._conditionally(instruction, lambda: self._one(name, instruction))
        else:
            self._one(name, instruction)

    def _one(self, name: str, instruction: Any) -> None:
        method = getattr(self, f"_do_{name}", None)
        operands = instruction.operands
        if name in _LOADS:
            self._load(instruction, operands, *_LOADS[name])
        elif name in _STORES:
            self._store(instruction, operands, _STORES[name])
        elif name.startswith(("smulb", "smult", "smlab", "smlat")) and len(name) == 6:
            self._half_products(name, operands)
        elif name in ("smuad", "smuadx", "smusd", "smusdx", "smlad", "smladx", "smlsd", "smlsdx"):
            self._dual_products(name, operands)
        elif name in ("smull", "umull", "smlal", "umlal"):
            self._long_products(name, operands)
        elif name in ("sxtb", "sxth", "uxtb", "uxth", "sxtab", "sxtah", "uxtab", "uxtah"):
            self._extend(name, operands)
        elif name in ("sxtb16", "uxtb16"):
            self._extend_pair(name, operands)
        elif name in ("lsl", "lsr", "asr", "ror"):
            self._shift(name, instruction, operands)
        elif name in ("add", "sub", "rsb", "adc", "sbc", "cmp", "cmn", "addw", "subw"):
            self._arithmetic(name, instruction, operands)
        elif name in ("and", "orr", "eor", "bic", "orn", "tst", "teq", "mov", "mvn", "movw"):
            self._logic(name, instruction, operands)
        elif method is not None:
            method(instruction, operands)
        else:
            raise UnsupportedError(name)

    def condition(self, code: int) -> Any:
        """An i1: whether a condition (Capstone's number) holds now."""
        b = self.builder
        base, inverted = (code - 1) & ~1, (code - 1) & 1
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

    def _conditionally(self, instruction: Any, action: Callable[[], None]) -> None:
        b = self.builder
        holds = self.condition(instruction.cc)
        before = dict(self.written)
        origin = b.block
        then = b.append_basic_block("then")
        join = b.append_basic_block("join")
        b.cbranch(holds, then, join)
        b.position_at_end(then)
        self.memory.enter_condition()
        action()
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

    # Operands

    def _register(self, operand: Any) -> int:
        if operand.type != arm.ARM_OP_REG or number(operand.reg) < 0:
            raise UnsupportedError("an operand that is no general register")
        return number(operand.reg)

    def _value(self, operand: Any) -> Any:
        """A register or constant, shifted as the operand says."""
        return self._value_and_carry(operand)[0]

    def _value_and_carry(self, operand: Any) -> tuple[Any, Any | None]:
        if operand.type == arm.ARM_OP_IMM:
            return word(operand.imm), None
        value = self.get(self._register(operand))
        if operand.shift.type == arm.ARM_SFT_INVALID:
            return value, None
        kind = _SHIFTS.get(operand.shift.type)
        if kind is None:
            raise UnsupportedError("a shift by register, or RRX")
        return self._shifted(kind, value, word(operand.shift.value))

    def _shifted(self, kind: str, value: Any, amount: Any) -> tuple[Any, Any]:
        """A5.2 "Shift operations": the result and the carry (of an amount of 0: the carry as it was)."""
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

    def _set_nz(self, result: Any) -> None:
        self.set(NF, result)
        self.set(ZF, result)

    # Arithmetic

    def _sources(self, operands: Any) -> tuple[int, Any, Any]:
        """Destination register, first and second source: ``add r0, r1`` is ``add r0, r0, r1``."""
        if len(operands) == 2:
            return self._register(operands[0]), operands[0], operands[1]
        if len(operands) != 3:
            raise UnsupportedError("operands of another form")
        return self._register(operands[0]), operands[1], operands[2]

    def _arithmetic(self, name: str, instruction: Any, operands: Any) -> None:
        b = self.builder
        target, first, second = self._sources(operands)
        left = self._value(first)
        right = self._value(second)
        if name in ("add", "addw", "sub", "subw") and not _sets_flags(instruction):
            subtract = name.startswith("sub")
            result = b.sub(left, right) if subtract else b.add(left, right)
            if second.type == arm.ARM_OP_IMM:
                self.memory.derive(result, left, -second.imm if subtract else second.imm)
            self.set(target, result)
            return
        carry_in: Any = word(0)
        if name in ("sub", "cmp"):
            right, carry_in = b.not_(right), word(1)
        elif name == "rsb":
            left, right, carry_in = right, b.not_(left), word(1)
        elif name == "sbc":
            right, carry_in = b.not_(right), self.get(CF)
        elif name == "adc":
            carry_in = self.get(CF)
        wide = b.add(b.add(b.zext(left, I64), b.zext(right, I64)), b.zext(carry_in, I64))
        result = b.trunc(wide, I32)
        if name in ("add", "sub") and second.type == arm.ARM_OP_IMM:
            self.memory.derive(result, self._value(first), -second.imm if name == "sub" else second.imm)
        if _sets_flags(instruction) or name in ("cmp", "cmn"):
            self._set_nz(result)
            self.set(CF, b.trunc(b.lshr(wide, ir.Constant(I64, 32)), I32))
            self.set(VF, b.and_(b.xor(left, result), b.xor(right, result)))
        if name not in ("cmp", "cmn"):
            self.set(target, result)

    def _logic(self, name: str, instruction: Any, operands: Any) -> None:
        b = self.builder
        if name in ("mov", "mvn", "movw", "tst", "teq"):
            if len(operands) != 2:
                raise UnsupportedError("operands of another form")
            target, first, second = self._register(operands[0]), operands[0], operands[1]
        else:
            target, first, second = self._sources(operands)
        right, carry = self._value_and_carry(second)
        if name in ("mov", "movw"):
            result = right
        elif name == "mvn":
            result = b.not_(right)
        else:
            left = self._value(first)
            if name in ("bic", "orn"):
                right = b.not_(right)
            operation = {"and": b.and_, "tst": b.and_, "bic": b.and_, "orr": b.or_, "orn": b.or_}.get(name, b.xor)
            result = operation(left, right)
        if _sets_flags(instruction) or name in ("tst", "teq"):
            self._set_nz(result)
            if carry is None and second.type == arm.ARM_OP_IMM and _is_rotated(instruction):
                carry = word(second.imm >> 31 & 1)
            if carry is not None:
                self.set(CF, carry)
        if name not in ("tst", "teq"):
            self.set(target, result)

    def _shift(self, name: str, instruction: Any, operands: Any) -> None:
        target, first, second = self._sources(operands)
        amount = self._value(second)
        if second.type == arm.ARM_OP_REG:
            amount = self.builder.and_(amount, word(0xFF))
        result, carry = self._shifted(name, self._value(first), amount)
        if _sets_flags(instruction):
            self._set_nz(result)
            self.set(CF, carry)
        self.set(target, result)

    def _do_movt(self, instruction: Any, operands: Any) -> None:
        target = self._register(operands[0])
        low = self.builder.and_(self.get(target), word(0xFFFF))
        self.set(target, self.builder.or_(low, word(operands[1].imm << 16)))

    def _do_adr(self, instruction: Any, operands: Any) -> None:
        self.set(self._register(operands[0]), word((instruction.address + 4 & ~3) + operands[1].imm))

    def _do_mul(self, instruction: Any, operands: Any) -> None:
        target, first, second = self._sources(operands)
        result = self.builder.mul(self._value(first), self._value(second))
        if _sets_flags(instruction):
            self._set_nz(result)
        self.set(target, result)

    def _do_mla(self, instruction: Any, operands: Any) -> None:
        product = self.builder.mul(self._value(operands[1]), self._value(operands[2]))
        self.set(self._register(operands[0]), self.builder.add(self._value(operands[3]), product))

    def _do_mls(self, instruction: Any, operands: Any) -> None:
        product = self.builder.mul(self._value(operands[1]), self._value(operands[2]))
        self.set(self._register(operands[0]), self.builder.sub(self._value(operands[3]), product))

    def _divide(self, operands: Any, signed: bool) -> None:
        """A division by 0 gives 0; the most negative number by -1 itself."""
        b = self.builder
        target, first, second = self._sources(operands)
        left, right = self._value(first), self._value(second)
        zero = b.icmp_unsigned("==", right, word(0))
        if signed:
            wide = b.sdiv(b.sext(left, I64), b.sext(b.select(zero, word(1), right), I64))
            result = b.trunc(wide, I32)
        else:
            result = b.udiv(left, b.select(zero, word(1), right))
        self.set(target, b.select(zero, word(0), result))

    def _do_sdiv(self, instruction: Any, operands: Any) -> None:
        self._divide(operands, True)

    def _do_udiv(self, instruction: Any, operands: Any) -> None:
        self._divide(operands, False)

    def _do_clz(self, instruction: Any, operands: Any) -> None:
        count = self.builder.ctlz(self._value(operands[1]), ir.Constant(I1, 0))
        self.set(self._register(operands[0]), count)

    def _do_ubfx(self, instruction: Any, operands: Any) -> None:
        _check_field(operands[2].imm, operands[3].imm)
        shifted = self.builder.lshr(self._value(operands[1]), word(operands[2].imm))
        self.set(self._register(operands[0]), self.builder.and_(shifted, word((1 << operands[3].imm) - 1)))

    def _do_sbfx(self, instruction: Any, operands: Any) -> None:
        least, width = operands[2].imm, operands[3].imm
        _check_field(least, width)
        up = self.builder.shl(self._value(operands[1]), word(32 - least - width))
        self.set(self._register(operands[0]), self.builder.ashr(up, word(32 - width)))

    def _do_bfi(self, instruction: Any, operands: Any) -> None:
        b = self.builder
        target, least = self._register(operands[0]), operands[2].imm
        mask = _inserted(instruction)
        new = b.and_(b.shl(self._value(operands[1]), word(least)), word(mask))
        self.set(target, b.or_(b.and_(self.get(target), word(~mask)), new))

    def _do_bfc(self, instruction: Any, operands: Any) -> None:
        target = self._register(operands[0])
        self.set(target, self.builder.and_(self.get(target), word(~_inserted(instruction))))

    def _do_pkhbt(self, instruction: Any, operands: Any) -> None:
        self._pack(operands, low_first=True)

    def _do_pkhtb(self, instruction: Any, operands: Any) -> None:
        self._pack(operands, low_first=False)

    def _pack(self, operands: Any, low_first: bool) -> None:
        b = self.builder
        first, second = self._value(operands[1]), self._value(operands[2])
        low, high = (first, second) if low_first else (second, first)
        self.set(self._register(operands[0]), b.or_(b.and_(low, word(0xFFFF)), b.and_(high, word(0xFFFF0000))))

    def _saturate(self, operands: Any, lowest: int, highest: int) -> None:
        b = self.builder
        value = self._value(operands[2])
        below = b.icmp_signed("<", value, word(lowest))
        above = b.icmp_signed(">", value, word(highest))
        result = b.select(below, word(lowest), b.select(above, word(highest), value))
        self._overflowed(b.or_(below, above))
        self.set(self._register(operands[0]), result)

    def _do_ssat(self, instruction: Any, operands: Any) -> None:
        bits = operands[1].imm
        self._saturate(operands, -(1 << bits - 1), (1 << bits - 1) - 1)

    def _do_usat(self, instruction: Any, operands: Any) -> None:
        self._saturate(operands, 0, (1 << operands[1].imm) - 1)

    # Multiplications of the DSP extension

    def _half(self, value: Any, top: bool) -> Any:
        """A half-word of a register as a signed word."""
        b = self.builder
        return b.ashr(value if top else b.shl(value, word(16)), word(16))

    def _overflowed(self, flag: Any) -> None:
        self.set(QF, self.builder.or_(self.get(QF), self.builder.zext(flag, I32)))

    def _add_setting_q(self, left: Any, right: Any) -> Any:
        b = self.builder
        both = b.sadd_with_overflow(left, right)
        self._overflowed(b.extract_value(both, 1))
        return b.extract_value(both, 0)

    def _half_products(self, name: str, operands: Any) -> None:
        if set(name[4:]) - set("bt"):
            raise UnsupportedError(name)
        left = self._half(self._value(operands[1]), name[4] == "t")
        right = self._half(self._value(operands[2]), name[5] == "t")
        result = self.builder.mul(left, right)
        if name.startswith("smla"):
            result = self._add_setting_q(result, self._value(operands[3]))
        self.set(self._register(operands[0]), result)

    def _dual_products(self, name: str, operands: Any) -> None:
        b = self.builder
        left, right = self._value(operands[1]), self._value(operands[2])
        crossed = name.endswith("x")
        low = b.mul(self._half(left, False), self._half(right, crossed))
        high = b.mul(self._half(left, True), self._half(right, not crossed))
        result = b.sub(low, high) if name[3] == "s" or name[2:4] == "us" else self._add_setting_q(low, high)
        if name.startswith("sml"):
            result = self._add_setting_q(result, self._value(operands[3]))
        self.set(self._register(operands[0]), result)

    def _long_products(self, name: str, operands: Any) -> None:
        b = self.builder
        low, high = self._register(operands[0]), self._register(operands[1])
        extend = b.sext if name.startswith("s") else b.zext
        wide = b.mul(extend(self._value(operands[2]), I64), extend(self._value(operands[3]), I64))
        if name.endswith("lal"):
            top = b.shl(b.zext(self.get(high), I64), ir.Constant(I64, 32))
            wide = b.add(wide, b.or_(top, b.zext(self.get(low), I64)))
        self.set(low, b.trunc(wide, I32))
        self.set(high, b.trunc(b.lshr(wide, ir.Constant(I64, 32)), I32))

    def _extend(self, name: str, operands: Any) -> None:
        b = self.builder
        source = b.trunc(self._value(operands[-1]), I8 if "b" in name[2:] else I16)
        result = b.sext(source, I32) if name.startswith("s") else b.zext(source, I32)
        if name[3] == "a":
            result = b.add(self._value(operands[1]), result)
        self.set(self._register(operands[0]), result)

    def _extend_pair(self, name: str, operands: Any) -> None:
        b = self.builder
        value = self._value(operands[1])
        if name == "uxtb16":
            result = b.and_(value, word(0x00FF00FF))
        else:
            low = b.and_(b.sext(b.trunc(value, I8), I32), word(0xFFFF))
            high = b.sext(b.trunc(b.lshr(value, word(16)), I8), I32)
            result = b.or_(low, b.shl(high, word(16)))
        self.set(self._register(operands[0]), result)

    # Loads and stores

    def _address(self, instruction: Any, place: int) -> Any:
        """The address of a memory operand; the base register is written back where the instruction says so."""
        b = self.builder
        operands = instruction.operands
        operand = operands[place]
        if operand.type != arm.ARM_OP_MEM:
            raise UnsupportedError("no memory operand")
        base = number(operand.mem.base)
        if base == PC:
            if operand.mem.index:
                raise UnsupportedError("an index from pc")
            return self.memory.constant((instruction.address + 4 & ~3) + operand.mem.disp)
        start = self.get(base)
        if operand.mem.index:
            offset = self.get(number(operand.mem.index))
            if operand.shift.type not in (arm.ARM_SFT_INVALID, arm.ARM_SFT_LSL) or operand.subtracted:
                raise UnsupportedError("an index of another form")
            address = b.add(start, b.shl(offset, word(operand.shift.value)))
        else:
            address = b.add(start, word(operand.mem.disp)) if operand.mem.disp else start
            self.memory.derive(address, start, operand.mem.disp)
        changes_base = getattr(instruction, "post_index", False) or instruction.writeback
        if changes_base and any(o.type == arm.ARM_OP_REG and number(o.reg) == base for o in operands[:place]):
            raise UnsupportedError("a base register that is transferred and changed")
        if getattr(instruction, "post_index", False):
            step = operands[place + 1].imm
            after = b.add(start, word(step))
            self.memory.derive(after, start, step)
            self._write_back = (base, after)
        elif instruction.writeback:
            self._write_back = (base, address)
        else:
            self._write_back = None
        return address

    _write_back: tuple[int, Any] | None = None

    def _finish_write_back(self) -> None:
        if self._write_back is not None:
            self.set(*self._write_back)
            self._write_back = None

    def _load(self, instruction: Any, operands: Any, size: int, signed: bool) -> None:
        target = self._register(operands[0])
        value = self.memory.load(self._address(instruction, 1), size)
        if size < 4:
            value = self.builder.sext(value, I32) if signed else self.builder.zext(value, I32)
        self._finish_write_back()
        self.set(target, value)

    def _store(self, instruction: Any, operands: Any, size: int) -> None:
        value = self.get(self._register(operands[0]))
        if size < 4:
            value = self.builder.trunc(value, I8 if size == 1 else I16)
        self.memory.store(self._address(instruction, 1), value, size)
        self._finish_write_back()

    def _step(self, address: Any, offset: int) -> Any:
        if not offset:
            return address
        result = self.builder.add(address, word(offset))
        self.memory.derive(result, address, offset)
        return result

    def _do_ldrd(self, instruction: Any, operands: Any) -> None:
        first, second = self._register(operands[0]), self._register(operands[1])
        if first == second or SP in (first, second):
            raise UnsupportedError("a pair that may not be loaded")
        address = self._address(instruction, 2)
        self.memory.require_aligned(address)
        low = self.memory.load(address, 4)
        high = self.memory.load(self._step(address, 4), 4)
        self._finish_write_back()
        self.set(first, low)
        self.set(second, high)

    def _do_strd(self, instruction: Any, operands: Any) -> None:
        low, high = self.get(self._register(operands[0])), self.get(self._register(operands[1]))
        address = self._address(instruction, 2)
        self.memory.require_aligned(address)
        self.memory.store(address, low, 4)
        self.memory.store(self._step(address, 4), high, 4)
        self._finish_write_back()

    def _do_ldm(self, instruction: Any, operands: Any) -> None:
        base = self._register(operands[0])
        self._load_many(base, [self._register(o) for o in operands[1:]], instruction.writeback)

    def _do_stm(self, instruction: Any, operands: Any) -> None:
        base = self._register(operands[0])
        registers = [self._register(o) for o in operands[1:]]
        self._store_many(base, 0, registers, 4 * len(registers) if instruction.writeback else None)

    def _do_push(self, instruction: Any, operands: Any) -> None:
        size = 4 * len(operands)
        self._store_many(SP, -size, [self._register(o) for o in operands], -size)

    def _do_pop(self, instruction: Any, operands: Any) -> None:
        self._load_many(SP, [self._register(o) for o in operands], True)

    def jump_by_load(self, instruction: Any) -> Any:
        """LDR to the PC: what the PC is to be."""
        return self.memory.load(self._address(instruction, 1), 4)

    def pop_with_pc(self, operands: Any) -> Any:
        """POP of a list that ends with the PC: sets the others, returns what the PC is to be."""
        return self._load_many(SP, [self._register(o) for o in operands], True)

    def _load_many(self, base: int, registers: list[int], write_back: bool) -> Any:
        start = self.get(base)
        self.memory.require_aligned(start)
        values = [self.memory.load(self._step(start, 4 * place), 4) for place in range(len(registers))]
        if write_back and base not in registers:
            self.written[base] = self._step(start, 4 * len(registers))
        for register, value in zip(registers, values, strict=True):
            if register != PC:
                self.set(register, value)
        return values[-1]

    def _store_many(self, base: int, first: int, registers: list[int], change: int | None) -> None:
        if change is not None and base in registers:
            raise UnsupportedError("a base register that is stored and changed")
        start = self.get(base)
        self.memory.require_aligned(start)
        for place, register in enumerate(registers):
            self.memory.store(self._step(start, first + 4 * place), self.get(register), 4)
        if change is not None:
            self.written[base] = self._step(start, change)


def _check_field(least: int, width: int) -> None:
    """Fields that do not fit are no instructions."""
    if width < 1 or least + width > 32:
        raise UnsupportedError("a field that does not fit")


def _inserted(instruction: Any) -> int:
    """Mask of the bits BFI and BFC change; by the encoding, for Capstone makes up operands for one that is invalid."""
    code = int.from_bytes(bytes(instruction.bytes)[2:], "little")
    least = code >> 10 & 0x1C | code >> 6 & 3
    width = (code & 31) + 1 - least
    _check_field(least, width)
    return ((1 << width) - 1) << least


def _sets_flags(instruction: Any) -> bool:
    """The S of "adds". Capstone's ``update_flags`` is true for some that have none, such as ADC."""
    return instruction.mnemonic[len(instruction.insn_name()) :].startswith("s")


def _is_rotated(instruction: Any) -> bool:
    """A modified immediate made by rotation, whose bit 31 becomes the carry (A5.3.2)."""
    code = bytes(instruction.bytes)
    return len(code) == 4 and bool(code[1] & 4 or code[3] & 0x40)
