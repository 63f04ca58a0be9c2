"""Which instructions of a block may trap, and the program that looks at them before the block runs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from sim.engine.native.loops.blocks import ALWAYS, Instruction, it_conditions
from sim.engine.native.loops.forms import match
from sim.engine.native.traps import layout
from sim.engine.native.traps.symbols import Item, Symbols, Value

_WIDE = 0xE800
_SP, _PC = 13, 15


class Kind(Enum):
    """What a trap is about."""

    ALIGNMENT = "alignment"
    DIVISION = "division"


@dataclass(frozen=True)
class Wanted:
    """CCR's traps: unaligned accesses of any kind, divisions by 0. Several words have to be aligned in any case."""

    unaligned: bool = False
    division: bool = False


@dataclass(frozen=True)
class Raw:
    """An instruction by its bits. ``instruction``: as the table has it, None when it is not there."""

    address: int
    code: int
    size: int
    instruction: Instruction | None

    @property
    def floats_memory(self) -> bool:
        """VLDR, VSTR, VLDM, VSTM (A7.5)."""
        code = self.code
        return self.size == 4 and code & 0xFE000E00 == 0xEC000A00 and code & 0x01A00000 != 0

    @property
    def base(self) -> int:
        """Rn of a 32-bit encoding."""
        return self.code >> 16 & 15


@dataclass(frozen=True)
class Site:
    """What has to hold at an instruction: an address is a multiple of ``1 << bits``, or a divisor is not 0."""

    kind: Kind
    bits: int = 0


def read(code: bytes, address: int) -> list[Raw]:
    """The instructions of a block, those in IT blocks with their condition."""
    found: list[Raw] = []
    conditions: list[int] = []
    offset = 0
    while offset + 2 <= len(code):
        word = int.from_bytes(code[offset : offset + 2], "little")
        size = 4 if word >= _WIDE else 2
        if size == 4:
            word = word << 16 | int.from_bytes(code[offset + 2 : offset + 4], "little")
        known = match(word, size)
        inside = bool(conditions)
        condition = conditions.pop(0) if inside else ALWAYS
        instruction = None
        if known is not None:
            form, fields = known
            instruction = Instruction(address + offset, word, form, fields, condition, inside)
            if form.name == "it.T1":
                conditions = it_conditions(fields["c"], fields["x"])
        found.append(Raw(address + offset, word, size, instruction))
        offset += size
    return found


def site_of(raw: Raw, wanted: Wanted) -> Site | None:
    """What has to hold at an instruction; None when it cannot trap."""
    if raw.floats_memory:
        return None if raw.base in (_SP, _PC) else Site(Kind.ALIGNMENT, 2)
    if raw.instruction is None:
        return None
    operation, fields = raw.instruction.form.operation, raw.instruction.fields
    if operation == "divide":
        return Site(Kind.DIVISION) if wanted.division else None
    if operation in ("load_pair", "store_pair", "load_many", "store_many", "jump_by_pop"):
        return None if fields["n"] in (_SP, _PC) else Site(Kind.ALIGNMENT, 2)
    if operation in ("load", "store", "jump_by_load") and wanted.unaligned:
        size = int(raw.instruction.form.options["size"])
        return Site(Kind.ALIGNMENT, size.bit_length() - 1) if size > 1 else None
    return None


def checked(raw: Raw, symbols: Symbols) -> Value | None:
    """The value a site looks at, as ``symbols`` has it before the instruction."""
    if raw.instruction is None:
        return symbols.get(raw.base)
    if raw.instruction.form.operation == "divide":
        return symbols.get(raw.instruction.fields["m"])
    return symbols.address(raw.instruction)


def looked_at(raw: Raw, registers: list[int]) -> int:
    """What a site looks at, given r0 to r14 before the instruction."""
    if raw.instruction is None:
        return registers[raw.base]
    fields = raw.instruction.fields
    if raw.instruction.form.operation == "divide":
        return registers[fields["m"]]
    return raw.instruction.address_of(registers)


def program(code: bytes, address: int, wanted: Wanted) -> list[int]:
    """The words of a block's program (``layout.py``), but for the pointer to its code.

    It has no items where nothing can trap or be worked out.
    """
    symbols = Symbols()
    for raw in read(code, address):
        site = site_of(raw, wanted)
        value = checked(raw, symbols) if site is not None else None
        if site is not None and value is not None:
            operation = layout.ALIGNED if site.kind is Kind.ALIGNMENT else layout.NOT_ZERO
            symbols.items.append(
                Item(operation, value.slot, constant=value.constant, target=site.bits, site=raw.address - address)
            )
        if raw.instruction is not None:
            symbols.after(raw.instruction)
        else:
            symbols.forget(*_may_write(raw))
    items = _needed(symbols.items)
    return [address | len(code) << 32, len(items), 0, *(word for item in items for word in item.words())]


def _may_write(raw: Raw) -> tuple[int, ...]:
    """Registers that an instruction outside of the table may change: each its encoding could name as a result."""
    if raw.size == 2:
        return ()
    code = raw.code
    if code & 0xEC000000 == 0xEC000000:  # floating point: moves to core registers, write-back of a base
        if raw.floats_memory:
            return (raw.base,) if code >> 21 & 1 else ()
        return (code >> 12 & 15, code >> 16 & 15)
    return (code >> 8 & 15, code >> 12 & 15, code >> 16 & 15, code & 15)


def _needed(items: list[Item]) -> list[Item]:
    """Checks, and what they are computed from; a check that stands twice stands once."""
    kept: list[Item] = []
    used: set[int] = set()
    checks: set[tuple[int, int, int, int]] = set()
    for item in items:
        if item.operation in (layout.ALIGNED, layout.NOT_ZERO):
            what = item.operation, item.a, item.constant if item.operation == layout.NOT_ZERO else 0, item.target
            if item.operation == layout.ALIGNED:
                what = *what[:2], item.constant & (1 << item.target) - 1, item.target
            if what in checks:
                continue
            checks.add(what)
        kept.append(item)
    result: list[Item] = []
    for item in reversed(kept):
        if item.operation in (layout.ALIGNED, layout.NOT_ZERO) or item.target in used:
            result.append(item)
            used.update((item.a, item.b))
    return result[::-1]
