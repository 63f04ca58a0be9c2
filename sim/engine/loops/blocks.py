# mypy: disable-error-code="no-any-return"
"""A block of Thumb code as Capstone reads it, and where it goes from there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import capstone  # type: ignore[import-untyped]
from capstone import arm

_DISASSEMBLER = capstone.Cs(capstone.CS_ARCH_ARM, capstone.CS_MODE_THUMB | capstone.CS_MODE_MCLASS)
_DISASSEMBLER.detail = True
_DIRECT = ("b", "bl", "cbz", "cbnz")
_NUMBERS = {arm.ARM_REG_SP: 13, arm.ARM_REG_LR: 14, arm.ARM_REG_PC: 15}
_NUMBERS.update({arm.ARM_REG_R0 + index: index for index in range(13)})
PC = 15


def number(register: int) -> int:
    """0 to 15 for a Capstone register; -1 for any other (flags, floating point)."""
    return _NUMBERS.get(register, -1)


@dataclass(frozen=True)
class Block:
    """``size`` bytes from ``address``, as Unicorn translated them."""

    address: int
    size: int
    instructions: tuple[Any, ...]
    targets: tuple[int, ...]
    """Where it goes next; after an indirect jump, where it is likely to."""
    indirect: bool
    """It ends with a jump to what a register or the stack says."""
    calls: bool
    """It ends with BL or BLX: what it calls returns to ``end``."""

    @property
    def end(self) -> int:
        """Address behind the last instruction."""
        return self.address + self.size


def read_block(code: bytes, address: int, word_at: Callable[[int], int] = lambda address: 0) -> Block | None:
    """The block in ``code``; None when Capstone does not know an instruction, or an IT block reaches beyond it.

    ``word_at`` reads memory: a linker's way to code far off is a jump to what the word behind it says.
    """
    instructions = tuple(_DISASSEMBLER.disasm(code, address))
    if sum(instruction.size for instruction in instructions) != len(code) or not instructions:
        return None
    left = 0
    for instruction in instructions:
        if instruction.insn_name() == "it":
            left = len(instruction.mnemonic) - 1
        elif left:
            left -= 1
    if left:
        return None
    end = address + len(code)
    last = instructions[-1]
    name = last.insn_name()
    conditional = is_conditional(last)
    if name in _DIRECT:
        target = last.operands[-1].imm & 0xFFFFFFFF
        falls = conditional or name in ("cbz", "cbnz")
        return Block(address, len(code), instructions, (target, end) if falls else (target,), False, name == "bl")
    if name in ("bx", "blx", "tbb", "tbh") or loads_pc(last):
        likely: tuple[int, ...] = (end,) if conditional else ()
        if name == "ldr" and number(last.operands[1].mem.base) == PC and not last.operands[1].mem.index:
            likely += (word_at((last.address + 4 & ~3) + last.operands[1].mem.disp) & ~1,)
        elif name == "bx" and (constant := _built(instructions, last.operands[0].reg)) is not None:
            likely += (constant & ~1,)
        return Block(address, len(code), instructions, likely, True, name == "blx")
    return Block(address, len(code), instructions, (end,), False, False)


def _built(instructions: tuple[Any, ...], register: int) -> int | None:
    """The constant that MOVW and MOVT before the last instruction have put into a register."""
    if [each.mnemonic for each in instructions[-3:-1]] != ["movw", "movt"]:
        return None
    low, high = (each.operands for each in instructions[-3:-1])
    if low[0].reg != register or high[0].reg != register:
        return None
    return int(low[1].imm | high[1].imm << 16)


def is_conditional(instruction: Any) -> bool:
    """It runs only if the flags say so (in an IT block, or a conditional branch)."""
    return instruction.cc not in (arm.ARM_CC_AL, arm.ARM_CC_INVALID) and instruction.insn_name() != "it"


def loads_pc(instruction: Any) -> bool:
    """A load or a pop that jumps."""
    name = instruction.insn_name()
    if name in ("pop", "ldm"):
        return any(o.type == arm.ARM_OP_REG and number(o.reg) == PC for o in instruction.operands)
    return name == "ldr" and number(instruction.operands[0].reg) == PC
