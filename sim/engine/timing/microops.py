"""What the pipeline model knows of an instruction: units, slots, operands and when they are needed or ready.

An instruction issued in cycle t goes through the stages t (address generation, early ALU), t + 1 (late ALU, word data
of a load), t + 2 (second half of multiplies, byte and halfword data) and t + 3 (store data). A result made in stage
e can be read from stage e + 1 on, so the distance in issue cycles between a writer and a reader in stage s is
e + 1 - s, and 0 means that the two may issue together. Sources of the figures: docs/timing.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

# Units: an instruction uses a set of them.
LOAD = 1  # one of the two load pipes
STORE = 2
MULTIPLY = 4
BITS = 8  # bit-field and DSP operations other than multiplies
SHIFTED = 16  # operand 2 is shifted inline
SHIFTER = 32  # bit-field operations that cannot pair with an inline shift
PLAIN_SHIFT = 64  # shift or rotate, an alias of mov
BRANCH = 128
FLOAT = 256  # floating-point arithmetic
FLOAT_MULTIPLY_ADD = 512
FLOAT_MOVE = 1024  # vldr, vstr, vmov of single registers
FLOAT_IMMEDIATE = 2048  # vmov sN, #imm
FLOAT_LATE = 4096  # not within three cycles after a multiply-accumulate
IT = 8192

FLAGS = 16  # register number of NZCV
FLOATS = 32  # register number of s0; dN is the pair s2N, s2N+1


class Writer(IntEnum):
    """Where a result comes from."""

    EARLY = 0
    LATE = 1
    WORD = 2  # load of a word
    NARROW = 3  # load of a byte or halfword
    MULTIPLY = 4
    REVERSE = 5  # rev, rbit: early, but not for the next cycle's addresses and shifts
    FLOAT = 6
    FUSED = 7  # vfma and relatives
    CHAINED = 8  # vmla and relatives
    FLOAT_LOAD = 9
    FLOAT_MOVE = 10


class Reader(IntEnum):
    """Where an operand goes."""

    EARLY = 0
    ADDRESS = 1
    LATE = 2
    LATE_SLOW = 3  # late, but not from the fast path of a word load
    ACCUMULATE = 4
    STORE = 5
    TO_FLOAT = 6
    FLOAT = 7
    FLOAT_ACCUMULATE = 8
    CHAIN_ACCUMULATE = 9
    FLOAT_FACTOR = 10
    FLOAT_STORE = 11
    FROM_FLOAT = 12


# Distance in issue cycles, writer by reader, in the order of the enumerations.
_NO = 1  # does not happen (integer result read by an FP operation and the other way round)
DISTANCE: tuple[tuple[int, ...], ...] = (
    # EARLY ADDR LATE SLOW ACC STORE TOFP | FP FACC CACC FMUL FSTORE FROM
    (1, 1, 0, 0, 0, 0, 1, _NO, _NO, _NO, _NO, _NO, _NO),  # EARLY
    (2, 2, 1, 1, 0, 0, 1, _NO, _NO, _NO, _NO, _NO, _NO),  # LATE
    (2, 2, 1, 2, 0, 0, 1, _NO, _NO, _NO, _NO, _NO, _NO),  # WORD
    (3, 3, 2, 2, 1, 0, 2, _NO, _NO, _NO, _NO, _NO, _NO),  # NARROW
    (3, 3, 2, 2, 1, 0, 1, _NO, _NO, _NO, _NO, _NO, _NO),  # MULTIPLY
    (1, 2, 0, 0, 0, 0, 1, _NO, _NO, _NO, _NO, _NO, _NO),  # REVERSE
    (_NO, _NO, _NO, _NO, _NO, _NO, _NO, 3, 3, 2, 3, 1, 3),  # FLOAT
    (_NO, _NO, _NO, _NO, _NO, _NO, _NO, 5, 3, 3, 5, 3, 5),  # FUSED
    (_NO, _NO, _NO, _NO, _NO, _NO, _NO, 6, 3, 3, 6, 4, 6),  # CHAINED
    (_NO, _NO, _NO, _NO, _NO, _NO, _NO, 1, 3, 2, 1, 1, 2),  # FLOAT_LOAD
    (_NO, _NO, _NO, _NO, _NO, _NO, _NO, 3, 3, 3, 3, 1, 3),  # FLOAT_MOVE
)
LONGEST = max(max(row) for row in DISTANCE)

# May a flexible operation use the early ALU?
EARLY_NEVER = 0
EARLY_OLDER = 1  # add, sub, mov: from the older slot
EARLY_EITHER = 2  # shifts: from either slot, unless the other one occupies the shifter


class Ending(IntEnum):
    """How a block ends."""

    FALLS_THROUGH = 0
    CONDITIONAL = 1
    DIRECT = 2
    CALL = 3
    INDIRECT = 4
    RETURN = 5
    INDIRECT_CALL = 6


@dataclass(slots=True)
class MicroOp:
    """One instruction. ``reads``: (register, reader); ``writes``: (register, writer, cycles later than the first)."""

    address: int
    size: int
    name: str
    text: str
    units: int = 0
    alone: bool = False
    older_only: bool = False
    cycles: int = 1
    reads: tuple[tuple[int, Reader], ...] = ()
    writes: tuple[tuple[int, Writer, int], ...] = ()
    early: int = EARLY_NEVER
    narrow_store: bool = False
    store_work: int = 12  # fifths of a cycle a narrow store keeps a store buffer with ECC busy
    ending: Ending = Ending.FALLS_THROUGH
    bank: int = -1  # bit of the variant mask that says: same bank as the load before
    unaligned: int = -1  # bit of the variant mask that says: this access is unaligned
    conditional: bool = False  # under IT
    measured: bool = False  # a division whose operands the address program knows
    instruction: Any = field(default=None, repr=False, compare=False)

    def at(self, address: int) -> MicroOp:
        """The same instruction elsewhere."""
        return MicroOp(
            address, self.size, self.name, self.text, self.units, self.alone, self.older_only, self.cycles, self.reads,
            self.writes, self.early, self.narrow_store, self.store_work, self.ending, self.bank, self.unaligned,
            self.conditional, self.measured, self.instruction,
        )  # fmt: skip
