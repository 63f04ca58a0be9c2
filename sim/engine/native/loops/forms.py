"""The forms of Thumb instructions native code may take: one table, read by the lifter and by its tests.

A row gives the bits of an encoding as ARM DDI 0403E chapter A7 prints them, the operation, and what the operation has
to know. An instruction that matches no row, or that its row refuses, is left to Unicorn: so is whatever the
architecture calls UNPREDICTABLE, and whatever writes the PC in a way that is not listed as a jump.

Letters of an encoding stand for fields, whose bits are taken from left to right:

* ``d n m a t e h``: a register, of three or four bits; ``D N M T``: one that may be SP. PC is refused in both, SP in
  the first.
* ``i j``: an immediate (``j`` in front of ``i``); ``y``: a kind of shift; ``r``: a list of registers, ``P`` and ``L``
  its PC and LR.
* ``s``: set the flags; ``p u w``: index, add, write back; ``x z``: a choice of the operation; ``c``: a condition.
* ``S J``: sign and upper bits of a long branch.

Options: ``flags`` says when they are set (``s``: by that bit; ``outside``: outside an IT block; ``always``); ``it``:
where an IT block may have it (``last``, ``never``); ``refuse``: a function of ``refusals.py``; a letter with a number:
a field the encoding implies; the others are the operation's.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum

from sim.engine.native.loops.refusals import REFUSALS
from sim.engine.native.loops.table import TABLE

Fields = dict[str, int]

PC, LR, SP = 15, 14, 13
GENERAL = "dnmateh"
WITH_SP = "DNMT"


class Flags(Enum):
    """When an instruction sets the flags."""

    NEVER = "never"
    ALWAYS = "always"
    OUTSIDE = "outside"
    BY_BIT = "s"


class InIt(Enum):
    """Where an IT block may have an instruction."""

    ANYWHERE = "anywhere"
    LAST = "last"
    NEVER = "never"


DIRECT_JUMPS = ("branch", "branch_if_zero", "call")
INDIRECT_JUMPS = ("call_register", "jump_to_register", "jump_by_load", "jump_by_pop")
"""Operations that write the PC."""


@dataclass(frozen=True)
class Form:
    """One row. ``fixed``: fields the encoding implies; ``options``: what the operation has to know."""

    name: str
    bits: str
    operation: str
    flags: Flags
    in_it: InIt
    refuses: Callable[[Fields], bool]
    fixed: Mapping[str, int]
    options: Mapping[str, str]

    @property
    def size(self) -> int:
        """Bytes of an instruction."""
        return len(self.bits) // 8

    @functools.cached_property
    def mask(self) -> int:
        """The bits that are given."""
        return int("".join("1" if bit in "01" else "0" for bit in self.bits), 2)

    @functools.cached_property
    def value(self) -> int:
        """What they are."""
        return int("".join(bit if bit in "01" else "0" for bit in self.bits), 2)

    @functools.cached_property
    def letters(self) -> dict[str, tuple[int, ...]]:
        """For each letter the numbers of its bits, the highest first."""
        found: dict[str, tuple[int, ...]] = {}
        for place, bit in enumerate(self.bits):
            if bit not in "01":
                found[bit] = (*found.get(bit, ()), len(self.bits) - 1 - place)
        return found

    def fields(self, code: int) -> Fields | None:
        """What the letters stand for in ``code``, registers by their small letter; None when the form refuses it."""
        if code & self.mask != self.value:
            return None
        fields = dict(self.fixed)
        for letter, places in self.letters.items():
            value = 0
            for place in places:
                value = value << 1 | code >> place & 1
            if (letter in GENERAL and value in (SP, PC)) or (letter in WITH_SP and value == PC):
                return None
            fields[letter.lower() if letter in WITH_SP else letter] = value
        return None if self.refuses(fields) else fields


def match(code: int, size: int) -> tuple[Form, Fields] | None:
    """The row of an instruction of ``size`` bytes (of 32-bit ones the first halfword is above), and its fields."""
    for form in _BY_SIZE[size]:
        fields = form.fields(code)
        if fields is not None:
            return form, fields
    return None


def _read(row: str) -> Form:
    name, rest = row.split(maxsplit=1)
    encoding, _, rest = rest.partition("|")
    operation, *words = rest.split()
    options = dict(word.split("=") for word in words)
    flags, in_it = Flags(options.pop("flags", "never")), InIt(options.pop("it", "anywhere"))
    refuses = REFUSALS[options.pop("refuse", "nothing")]
    fixed = {key: int(options.pop(key)) for key in list(options) if len(key) == 1}
    return Form(name, encoding.replace(" ", ""), operation, flags, in_it, refuses, fixed, options)


FORMS = tuple(_read(row) for row in TABLE.splitlines() if row.strip() and not row.startswith("#"))
_BY_SIZE = {size: [form for form in FORMS if form.size == size] for size in (2, 4)}
