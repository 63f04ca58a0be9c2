# mypy: disable-error-code="no-untyped-call,no-any-return"
"""Instructions of a block as micro-ops, by Capstone."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import capstone  # type: ignore[import-untyped]
from capstone import arm

from sim.engine.timing import microops as m
from sim.engine.timing.microops import Ending, MicroOp, Reader, Writer

_DISASSEMBLER = capstone.Cs(capstone.CS_ARCH_ARM, capstone.CS_MODE_THUMB | capstone.CS_MODE_MCLASS)
_DISASSEMBLER.detail = True

_EARLY_ADD = {"add", "addw", "sub", "subw", "mov", "movw", "movs", "adr"}
_SHIFTS = {"lsl", "lsr", "asr", "ror"}
_TESTS = {"cmp", "cmn", "tst", "teq"}
_LOGIC = {"and", "orr", "eor", "bic", "orn", "mvn", "adc", "sbc", "rsb", "rrx", "movt"}
_REVERSE = {"rev", "rev16", "revsh", "rbit"}
_FIELDS = {"ubfx", "sbfx"}
_INSERTS = {"bfi", "bfc", "pkhbt", "pkhtb", "uxtab", "uxtah", "sxtab", "sxtah", "uxtab16", "sxtab16"}
_SATURATES = {"ssat", "usat", "ssat16", "usat16", "qdadd", "qdsub"}
_NARROW = {"ldrb": 1, "ldrsb": 1, "ldrh": 2, "ldrsh": 2, "strb": 1, "strh": 2,
           "ldrbt": 1, "ldrsbt": 1, "ldrht": 2, "ldrsht": 2, "strbt": 1, "strht": 2}  # fmt: skip
_FUSED = {"vfma", "vfms", "vfnma", "vfnms"}
_CHAINED = {"vmla", "vmls", "vnmla", "vnmls"}
DIVIDE_CYCLES = 7
# Cycles in which nothing else of floating point starts: jnk0le, doubles of different exponents; vsqrt.f64 LLVM, two
# less than a division there as of single ones.
_SINGLE_CYCLES = {"vdiv": 16, "vsqrt": 14}
_DOUBLE_CYCLES = {"vadd": 2, "vsub": 2, "vmul": 5, "vnmul": 5, "vdiv": 30, "vsqrt": 28}
ENCODINGS = 1 << 13  # instructions that are kept decoded

_REGISTERS: dict[int, tuple[int, ...]] = {}
for _index in range(13):
    _REGISTERS[arm.ARM_REG_R0 + _index] = (_index,)
_REGISTERS[arm.ARM_REG_SP], _REGISTERS[arm.ARM_REG_LR], _REGISTERS[arm.ARM_REG_PC] = (13,), (14,), (15,)
for _index in range(32):
    _REGISTERS[arm.ARM_REG_S0 + _index] = (m.FLOATS + _index,)
for _index in range(16):
    _REGISTERS[arm.ARM_REG_D0 + _index] = (m.FLOATS + 2 * _index, m.FLOATS + 2 * _index + 1)


def register(identifier: int) -> int:
    """Our number of a Capstone register; the first of the pair for a double, -1 for others (fpscr, primask)."""
    return _REGISTERS.get(identifier, (-1,))[0]


def decode(code: bytes, address: int) -> list[MicroOp]:
    """The micro-ops of the bytes of a block; what Capstone does not know counts as a plain instruction."""
    result: list[MicroOp] = []
    offset = 0
    while offset < len(code):
        first = int.from_bytes(code[offset : offset + 2], "little")
        size = 4 if first >= 0xE800 else 2
        known = _anywhere(code[offset : offset + size])
        if known is not None:
            result.append(known.at(address + offset))
            offset += size
            continue
        count = 1 + _conditional_after(first)
        for instruction in _DISASSEMBLER.disasm(code[offset:], address + offset, count):
            result.append(_micro_op(instruction))
            offset += instruction.size
            count -= 1
        if count and offset < len(code):
            first = int.from_bytes(code[offset : offset + 2], "little")
            size = 4 if first >= 0xE800 else 2
            result.append(MicroOp(address + offset, size, "?", f".inst 0x{first:04x}"))
            offset += size
    return result


@lru_cache(ENCODINGS)
def _anywhere(code: bytes) -> MicroOp | None:
    """The micro-op of an instruction that means the same wherever it stands; None for branches, IT and unknown bytes.

    Disassembly takes most of the time a block needs when it is first met, and its objects most of the room.
    """
    found = list(_DISASSEMBLER.disasm(code, 0, 1))
    op = _micro_op(found[0]) if found else None
    return None if op is None or op.units & (m.BRANCH | m.IT) else op


def _conditional_after(halfword: int) -> int:
    """How many instructions an IT makes conditional (ARMv7-M A7.7.38); 0 for others."""
    mask = halfword & 0xF
    return 4 - (mask & -mask).bit_length() + 1 if halfword & 0xFF00 == 0xBF00 and mask else 0


def _micro_op(instruction: Any) -> MicroOp:
    name = instruction.insn_name() or instruction.mnemonic
    op = MicroOp(instruction.address, instruction.size, name, f"{instruction.mnemonic} {instruction.op_str}".strip())
    op.instruction = instruction
    operands = instruction.operands
    if name.startswith("v") or name == "fmstat":
        _float(op, name, instruction, operands)
    elif name.startswith(("ldr", "str", "pld", "pli")):
        _memory(op, name, instruction, operands)
    elif name.startswith(("ldm", "stm")) or name in ("push", "pop"):
        _multiple(op, name, operands)
    elif name in ("b", "bl", "bx", "blx", "cbz", "cbnz", "tbb", "tbh"):
        _branch(op, name, instruction, operands)
    elif name == "it" or op.text.startswith("it"):
        op.units = m.IT
    elif name in ("hint", "nop"):
        pass
    elif name in ("mrs", "msr", "dsb", "dmb", "isb", "cps", "svc", "bkpt", "clrex"):
        op.alone = True
        op.cycles = 3 if name in ("mrs", "msr") else 1
        op.reads, op.writes = _plain(operands, Reader.LATE, Writer.LATE)
    else:
        _arithmetic(op, name, instruction, operands)
    if instruction.cc not in (arm.ARM_CC_AL, arm.ARM_CC_INVALID) and name not in ("b", "it"):
        op.reads += ((m.FLAGS, Reader.LATE), *((r, Reader.LATE) for r, _, _ in op.writes if r < m.FLAGS))
        op.early = m.EARLY_NEVER
        op.conditional = True
    if any(r == 15 for r, _, _ in op.writes) and op.ending is Ending.FALLS_THROUGH:
        from_stack = name == "pop" or any(r == 13 for r, _ in op.reads)
        op.ending = Ending.RETURN if from_stack else Ending.INDIRECT
        op.units |= m.BRANCH
    return op


def _plain(operands: Any, reader: Reader, writer: Writer) -> tuple[Any, Any]:
    """First register written, the others read; what is read and written by Capstone's word is both."""
    reads: list[tuple[int, Reader]] = []
    writes: list[tuple[int, Writer, int]] = []
    for place, operand in enumerate(operands):
        if operand.type != arm.ARM_OP_REG:
            continue
        number = register(operand.reg)
        if number < 0:
            continue
        if place == 0:
            writes.append((number, writer, 0))
            if operand.access & capstone.CS_AC_READ:
                reads.append((number, reader))
        else:
            reads.append((number, reader))
    return tuple(reads), tuple(writes)


def _arithmetic(op: MicroOp, name: str, instruction: Any, operands: Any) -> None:
    registers = [register(o.reg) for o in operands if o.type == arm.ARM_OP_REG]
    if not registers:
        return
    if name in ("udiv", "sdiv"):
        op.alone, op.cycles = True, DIVIDE_CYCLES
        op.reads, op.writes = _plain(operands, Reader.LATE_SLOW, Writer.LATE)
        op.writes = tuple((number, writer, DIVIDE_CYCLES - 1) for number, writer, _ in op.writes)
        return
    if name.startswith(("mul", "mla", "mls", "smul", "smla", "smls", "smm", "smu", "umul", "umla", "umaal", "usad")):
        _multiply(op, name, registers)
        return
    reader, writer = Reader.LATE, Writer.LATE
    last = len(operands) - 1
    shift = operands[last].type == arm.ARM_OP_REG and operands[last].shift.type != 0
    first_read = Reader.LATE
    if name in _REVERSE:
        op.units, reader, writer = m.BITS | m.SHIFTER, Reader.EARLY, Writer.REVERSE
    elif name in _FIELDS:
        op.units, reader = m.BITS | m.SHIFTER, Reader.EARLY
    elif name in _INSERTS:
        op.units, reader = m.BITS | m.SHIFTER, Reader.EARLY
        first_read = Reader.EARLY if name == "pkhtb" else Reader.LATE
    elif name in _SATURATES:
        op.units, reader, writer = m.BITS | m.SHIFTER, Reader.EARLY, Writer.MULTIPLY
        first_read = Reader.EARLY
    elif name not in _EARLY_ADD | _SHIFTS | _TESTS | _LOGIC:
        op.units = m.BITS  # uxtb, uadd8, qadd, sel, clz ...
    elif name in _SHIFTS:
        op.units, op.early = m.PLAIN_SHIFT, m.EARLY_EITHER
    elif shift:
        op.units, reader, first_read = m.SHIFTED, Reader.EARLY, Reader.LATE_SLOW
    else:
        if len(operands) > 1 and operands[last].type == arm.ARM_OP_IMM and _shifted_constant(op, name, operands[last]):
            op.units = m.SHIFTED
        elif name in _EARLY_ADD:
            op.early = m.EARLY_OLDER
    op.older_only = bool(op.units & m.BITS)
    reads: list[tuple[int, Reader]] = []
    sources = registers if name in _TESTS else registers[1:]
    both = operands[0].access & capstone.CS_AC_READ or (len(operands) == 2 and name in _LOGIC - {"mvn", "rrx"})
    if name not in _TESTS and (both or name in ("bfi", "bfc")):
        sources = [registers[0], *sources]
    for place, number in enumerate(sources):
        is_last = place == len(sources) - 1
        two = len(sources) > 1
        reads.append((number, first_read if two and not is_last and reader is Reader.EARLY else reader))
    if name == "bfc":
        reads = [(registers[0], Reader.LATE)]
    if name in ("adc", "sbc", "rrx"):
        reads.append((m.FLAGS, Reader.LATE))
    op.reads = tuple(reads)
    writes = [] if name in _TESTS else [(registers[0], writer, 0)]
    if instruction.update_flags or name in _TESTS:
        writes.append((m.FLAGS, Writer.LATE, 0))
    op.writes = tuple(writes)


def _shifted_constant(op: MicroOp, name: str, operand: Any) -> bool:
    """A 32-bit encoding whose constant is 8 bits shifted, not a plain byte or a repeated pattern."""
    value = operand.imm & 0xFFFFFFFF
    if op.size == 2 or value < 256 or name in ("adr", "movw", "movt", "addw", "subw"):
        return False
    code = int.from_bytes(op.instruction.bytes, "little")
    first, second = code & 0xFFFF, code >> 16
    if first & 0xFA00 != 0xF000:  # plain binary immediate: movw, addw
        return False
    return bool(first >> 10 & 1 or second >> 14 & 1)  # i:imm3 >= 4: rotated


def _multiply(op: MicroOp, name: str, registers: list[int]) -> None:
    op.units = m.MULTIPLY
    long = name.startswith(("smull", "umull", "smlal", "umlal", "smlsl", "umaal"))
    writes = registers[:2] if long else registers[:1]
    sources = registers[2:4] if long else registers[1:3]
    op.reads = tuple((number, Reader.LATE_SLOW) for number in sources)
    if long and not name.endswith("mull"):
        op.reads += tuple((number, Reader.ACCUMULATE) for number in writes)
    elif not long and len(registers) == 4:
        op.reads += ((registers[3], Reader.ACCUMULATE),)
    if len(registers) == 2:  # muls rd, rm: rd is a factor too
        op.reads += ((registers[0], Reader.LATE_SLOW),)
    op.writes = tuple((number, Writer.MULTIPLY, 0) for number in writes)


def _address(operands: Any) -> list[tuple[int, Reader]]:
    reads = []
    for operand in operands:
        if operand.type == arm.ARM_OP_MEM:
            for part in (operand.mem.base, operand.mem.index):
                if part and register(part) not in (-1, 15):
                    reads.append((register(part), Reader.ADDRESS))
    return reads


def _memory(op: MicroOp, name: str, instruction: Any, operands: Any) -> None:
    registers = [register(o.reg) for o in operands if o.type == arm.ARM_OP_REG]
    reads = _address(operands)
    base = reads[0][0] if reads else -1
    back: tuple[tuple[int, Writer, int], ...] = ((base, Writer.EARLY, 0),) if instruction.writeback else ()
    if name.startswith(("pld", "pli")):
        op.units = m.LOAD
    elif name in ("ldrd", "strd") or "ex" in name:
        op.alone = True
        op.units = m.LOAD if name.startswith("ldr") else m.STORE
        if name.startswith("ldr"):
            writer = Writer.NARROW if name in ("ldrexb", "ldrexh") else Writer.WORD
            op.writes = tuple((number, writer, 0) for number in registers) + back
        elif name == "strd":
            reads += [(number, Reader.STORE) for number in registers]
            op.writes = back
        else:
            reads += [(number, Reader.STORE) for number in registers[1:]]
            op.writes = ((registers[0], Writer.NARROW, 0),)
    elif name.startswith("ldr"):
        op.units = m.LOAD
        op.writes = ((registers[0], Writer.NARROW if name in _NARROW else Writer.WORD, 0), *back)
    else:
        op.units = m.STORE
        op.narrow_store = name in _NARROW
        reads.append((registers[0], Reader.STORE))
        op.writes = back
    op.reads = tuple(reads)


def _multiple(op: MicroOp, name: str, operands: Any) -> None:
    numbers = [register(o.reg) for o in operands]
    base = 13
    if name not in ("push", "pop"):
        base, numbers = numbers[0], numbers[1:]
    op.alone = True
    op.cycles = (len(numbers) + 1) // 2
    back = ((base, Writer.EARLY, 0),) if name in ("push", "pop") or "!" in op.text else ()
    if name == "pop" or name.startswith("ldm"):
        op.units = m.LOAD
        op.reads = ((base, Reader.ADDRESS),)
        op.writes = tuple((number, Writer.WORD, place // 2) for place, number in enumerate(numbers)) + back
    else:
        op.units = m.STORE
        op.reads = ((base, Reader.ADDRESS), *((number, Reader.STORE) for number in numbers))
        op.writes = back


def _branch(op: MicroOp, name: str, instruction: Any, operands: Any) -> None:
    op.units = m.BRANCH
    if name in ("tbb", "tbh"):
        op.alone, op.cycles, op.ending = True, 2, Ending.INDIRECT
        op.reads = tuple(_address(operands))
    elif name in ("cbz", "cbnz"):
        op.ending = Ending.CONDITIONAL
        op.reads = ((register(operands[0].reg), Reader.LATE),)
    elif name in ("bx", "blx") and operands[0].type == arm.ARM_OP_REG:
        op.ending = Ending.INDIRECT
        op.reads = ((register(operands[0].reg), Reader.LATE),)
        if name == "blx":
            op.ending, op.writes = Ending.INDIRECT_CALL, ((14, Writer.EARLY, 0),)
        elif operands[0].reg == arm.ARM_REG_LR:
            op.ending = Ending.RETURN
    elif name == "bl":
        op.ending, op.writes = Ending.CALL, ((14, Writer.EARLY, 0),)
    else:
        op.ending = Ending.DIRECT if instruction.cc == arm.ARM_CC_AL else Ending.CONDITIONAL


def _float(op: MicroOp, name: str, instruction: Any, operands: Any) -> None:
    groups = [_REGISTERS.get(o.reg, ()) for o in operands if o.type == arm.ARM_OP_REG]
    flat = [number for group in groups for number in group]
    double = any(len(group) == 2 for group in groups)
    if name in ("vldr", "vstr"):
        loads = name == "vldr"
        op.units = (m.LOAD if loads else m.STORE) | m.FLOAT_MOVE
        op.alone = double
        if double:
            op.units |= m.FLOAT_LATE
        op.reads = tuple(_address(operands))
        if loads:
            op.writes = tuple((number, Writer.FLOAT_LOAD, 0) for number in flat)
        else:
            op.reads += tuple((number, Reader.FLOAT_STORE) for number in flat)
        return
    if name.startswith(("vldm", "vstm")) or name in ("vpush", "vpop"):
        _float_multiple(op, name, flat)
        return
    if name in ("vmrs", "vmsr", "fmstat"):
        op.alone, op.units = True, m.FLOAT_MOVE
        op.writes = ((m.FLAGS, Writer.LATE, 0),) if name == "fmstat" else ()
        return
    if name == "vmov":
        _float_move(op, operands, flat)
        return
    op.units = m.FLOAT
    sources = [number for group in groups[1:] for number in group]
    target = groups[0] if groups else ()
    if name in _FUSED or name in _CHAINED:
        fused = name in _FUSED
        op.units |= m.FLOAT_MULTIPLY_ADD
        accumulate = Reader.FLOAT_ACCUMULATE if fused else Reader.CHAIN_ACCUMULATE
        op.reads = tuple((n, Reader.FLOAT_FACTOR) for n in sources) + tuple((n, accumulate) for n in target)
        op.writes = tuple((n, Writer.FUSED if fused else Writer.CHAINED, 0) for n in target)
        op.cycles = (7 if fused else 8) if double else 1
    else:
        reader = Reader.FLOAT_FACTOR if "mul" in name else Reader.FLOAT
        if name in ("vcmp", "vcmpe"):
            op.reads = tuple((n, reader) for n in flat)
        else:
            op.reads = tuple((n, reader) for n in sources)
            op.writes = tuple((n, Writer.FLOAT, 0) for n in target)
        if name in ("vadd", "vsub"):
            op.units |= m.FLOAT_LATE
        op.cycles = (_DOUBLE_CYCLES if double else _SINGLE_CYCLES).get(name, 1)
    if op.cycles > 1:  # what uses the result waits from the last of them on
        op.writes = tuple((n, writer, op.cycles - 1) for n, writer, _ in op.writes)
    op.older_only = double


def _float_multiple(op: MicroOp, name: str, flat: list[int]) -> None:
    base = 13
    if name not in ("vpush", "vpop"):
        base, flat = flat[0], flat[1:]
    op.alone = True
    op.cycles = (len(flat) + 1) // 2
    back = ((base, Writer.EARLY, 0),) if name in ("vpush", "vpop") or "!" in op.text else ()
    op.reads = ((base, Reader.ADDRESS),)
    if name == "vpop" or name.startswith("vldm"):
        op.units = m.LOAD | m.FLOAT_LATE
        op.writes = tuple((n, Writer.FLOAT_LOAD, place // 2) for place, n in enumerate(flat)) + back
    else:
        op.units = m.STORE | m.FLOAT_LATE
        op.reads += tuple((n, Reader.FLOAT_STORE) for n in flat)
        op.writes = back


def _float_move(op: MicroOp, operands: Any, flat: list[int]) -> None:
    count = sum(o.type == arm.ARM_OP_REG for o in operands)
    if count == 1:
        op.units = m.FLOAT_MOVE | m.FLOAT_IMMEDIATE | m.FLOAT_LATE
        op.writes = tuple((n, Writer.FLOAT_MOVE, 0) for n in flat)
        return
    half = len(flat) // 2
    op.units = m.FLOAT_MOVE
    if count > 2:
        op.alone = True
    if count == 3:  # vmov dN, r, r and back
        half = 2
    to, source = flat[:half], flat[half:]
    if any(n >= m.FLOATS for n in to):
        from_core = any(n < m.FLOATS for n in source)
        op.reads = tuple((n, Reader.TO_FLOAT if from_core else Reader.FROM_FLOAT) for n in source)
        op.writes = tuple((n, Writer.FLOAT_MOVE, 0) for n in to)
    else:
        op.reads = tuple((n, Reader.FROM_FLOAT) for n in source)
        op.writes = tuple((n, Writer.WORD, 0) for n in to)
