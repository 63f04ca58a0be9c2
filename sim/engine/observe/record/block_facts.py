"""What the recorder has to know of a block: how it ends, and how far its own pushes reach below the stack pointer."""

from __future__ import annotations

from sim.engine.native import block_record as native
from sim.engine.timing.decode import decode
from sim.engine.timing.microops import Ending

_KINDS = {
    Ending.CONDITIONAL: native.CONDITIONAL,
    Ending.CALL: native.CALL,
    Ending.INDIRECT_CALL: native.CALL,
    Ending.INDIRECT: native.INDIRECT,
    Ending.RETURN: native.INDIRECT,
}
_CONTROL_WRITES = tuple(bytes((0x80 | register, 0xF3, 0x14, 0x88)) for register in range(15))
"""MSR CONTROL, Rn (A7.7.82, B5.1.1): it ends its block."""
_WIDE = 0xE800  # a first halfword from here on has a second one (ARM DDI 0403E A5.1)


def ending(code: bytes, address: int) -> int:
    """How the block with ``code`` at ``address`` ends: one of the recorder's kinds."""
    if code[-4:] in _CONTROL_WRITES:
        return native.MOVED  # to another stack, it may be
    operations = decode(code, address)
    return _KINDS.get(operations[-1].ending, native.ONWARD) if operations else native.ONWARD


def deepest(code: bytes) -> int:
    """Bytes below the stack pointer at its start that a block's pushes and subtractions reach at most.

    What depends on a register (``sub sp, r0``) counts when the next block begins.
    """
    depth = most = place = 0
    while place + 2 <= len(code):
        first = int.from_bytes(code[place : place + 2], "little")
        if first >= _WIDE:
            depth -= _moved_by_wide(first, int.from_bytes(code[place + 2 : place + 4], "little"))
            place += 4
        else:
            depth -= _moved(first)
            place += 2
        most = max(most, depth)
    return most


def _moved(halfword: int) -> int:
    """Bytes the stack pointer rises by (A7.7.5, A7.7.99, A7.7.101, A7.7.176)."""
    if halfword & 0xFE00 == 0xB400:
        return -4 * (halfword & 0x1FF).bit_count()
    if halfword & 0xFE00 == 0xBC00:
        return 4 * (halfword & 0x1FF).bit_count()
    if halfword & 0xFF00 == 0xB000:
        return 4 * (halfword & 0x7F) * (-1 if halfword & 0x80 else 1)
    return 0


def _moved_by_wide(first: int, second: int) -> int:
    """The same for instructions of two halfwords that name SP as their base and write it back."""
    if first in (0xE92D, 0xE8BD):  # STMDB SP!, LDMIA SP!
        return 4 * second.bit_count() * (-1 if first == 0xE92D else 1)
    if first in (0xED2D, 0xECBD):  # VPUSH, VPOP
        return 4 * (second & 0xFF) * (-1 if first == 0xED2D else 1)
    if first == 0xF84D and second & 0xF00 == 0xD00:  # STR [SP, #-n]!
        return -(second & 0xFF)
    if first == 0xF85D and second & 0xF00 == 0xB00:  # LDR [SP], #n
        return second & 0xFF
    if first in (0xE96D, 0xE8FD):  # STRD [SP, #-n]!, LDRD [SP], #n
        return 4 * (second & 0xFF) * (-1 if first == 0xE96D else 1)
    if second & 0x0F00 == 0x0D00 and second & 0x8000 == 0:
        constant = (first >> 10 & 1) << 11 | (second >> 12 & 7) << 8 | second & 0xFF
        if first & 0xFBEF in (0xF1AD, 0xF10D):  # SUB.W, ADD.W SP, SP, #modified constant
            return _expanded(constant) * (-1 if first & 0xFBEF == 0xF1AD else 1)
        if first & 0xFBFF in (0xF2AD, 0xF20D):  # SUBW, ADDW SP, SP, #constant
            return constant * (-1 if first & 0xFBFF == 0xF2AD else 1)
    return 0


def _expanded(constant: int) -> int:
    """ThumbExpandImm (A5.3.2)."""
    byte = constant & 0xFF
    if constant >> 10 == 0:
        return (byte, byte * 0x00010001, byte * 0x01000100, byte * 0x01010101)[constant >> 8]
    value, turn = 0x80 | constant & 0x7F, constant >> 7
    return (value >> turn | value << (32 - turn)) & 0xFFFFFFFF
