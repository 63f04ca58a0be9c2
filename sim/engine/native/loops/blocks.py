"""A block of Thumb code as the table of forms reads it, and where it goes from there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sim.engine.native.loops.forms import DIRECT_JUMPS, INDIRECT_JUMPS, PC, Fields, Flags, Form, InIt, match

ALWAYS = 14
"""The condition of what runs in any case (A7.3)."""
_WIDE = 0xE800  # a first halfword from here on has a second one (A5.1)


@dataclass(frozen=True)
class Instruction:
    """One instruction. ``condition``: what an IT block, or a conditional branch, makes it depend on."""

    address: int
    code: int
    form: Form
    fields: Fields
    condition: int = ALWAYS
    in_it_block: bool = False

    @property
    def size(self) -> int:
        """Its bytes."""
        return self.form.size

    @property
    def sets_flags(self) -> bool:
        """Whether it sets those its operation has to set."""
        flags = self.form.flags
        if flags is Flags.OUTSIDE:
            return not self.in_it_block
        return flags is Flags.ALWAYS or (flags is Flags.BY_BIT and bool(self.fields["s"]))

    @property
    def aligned_pc(self) -> int:
        """What the PC is as the base of an address (A4.2.1)."""
        return self.address + 4 & ~3 & 0xFFFFFFFF

    @property
    def target(self) -> int | None:
        """Where a direct jump leads; None for any other instruction."""
        if self.form.operation not in DIRECT_JUMPS:
            return None
        return self.address + 4 + self._distance & 0xFFFFFFFF

    @property
    def _distance(self) -> int:
        fields, name = self.fields, self.form.name
        if name == "cbz.T1":
            return 2 * fields["i"]
        if name == "b.T1":
            return _signed(fields["i"] << 1, 9)
        if name == "b.T2":
            return _signed(fields["i"] << 1, 12)
        sign, first, second = fields["S"], fields["J"] >> 1, fields["J"] & 1
        if name == "b.T3":
            return _signed(sign << 20 | second << 19 | first << 18 | fields["i"] << 1, 21)
        upper = sign << 24 | (first ^ sign ^ 1) << 23 | (second ^ sign ^ 1) << 22
        return _signed(upper | fields["i"] << 1, 25)

    def address_of(self, registers: Sequence[int]) -> int:
        """Where a load or store goes, given r0 to r14: its lowest address but for lists that grow down."""
        fields = self.fields
        base = self.aligned_pc if fields["n"] == PC else registers[fields["n"]]
        if "m" in fields:
            return base + (registers[fields["m"]] << fields.get("i", 0)) & 0xFFFFFFFF
        if "scale" not in self.form.options or not fields.get("p", 1):
            return base
        offset = fields["i"] * int(self.form.options["scale"])
        return base + (offset if fields.get("u", 1) else -offset) & 0xFFFFFFFF

    @property
    def is_jump(self) -> bool:
        """It writes the PC, and so ends a block."""
        return self.form.operation in DIRECT_JUMPS or self.form.operation in INDIRECT_JUMPS

    def __str__(self) -> str:
        values = " ".join(f"{letter}={value}" for letter, value in self.fields.items())
        condition = f" if {self.condition}" if self.condition != ALWAYS else ""
        return f"0x{self.address:08X} {self.code:0{2 * self.size}X} {self.form.name} {values}{condition}"


@dataclass(frozen=True)
class Block:
    """``size`` bytes from ``address``, as Unicorn translated them."""

    address: int
    size: int
    instructions: tuple[Instruction, ...]
    targets: tuple[int, ...]
    """Where it goes next; after an indirect jump, where it is likely to."""

    @property
    def jump(self) -> Instruction | None:
        """The jump it ends with."""
        last = self.instructions[-1]
        return last if last.is_jump else None

    @property
    def indirect(self) -> bool:
        """It ends with a jump to what a register or the stack says."""
        return self.jump is not None and self.jump.target is None

    @property
    def calls(self) -> bool:
        """It ends with BL or BLX: what it calls returns to ``end``."""
        return self.jump is not None and self.jump.form.operation in ("call", "call_register")

    @property
    def end(self) -> int:
        """Address behind the last instruction."""
        return self.address + self.size


def decode(code: bytes, address: int) -> tuple[Instruction, ...] | None:
    """All of ``code``; None when an instruction is of no form, or an IT block reaches beyond it."""
    instructions: list[Instruction] = []
    conditions: list[int] = []  # of the instructions that follow in the IT block
    offset = 0
    while offset < len(code):
        word = int.from_bytes(code[offset : offset + 2], "little")
        size = 4 if word >= _WIDE else 2
        if size == 4:
            word = word << 16 | int.from_bytes(code[offset + 2 : offset + 4], "little")
        found = match(word, size) if offset + size <= len(code) else None
        if found is None:
            return None
        form, fields = found
        if conditions and (form.in_it is InIt.NEVER or (form.in_it is InIt.LAST and len(conditions) > 1)):
            return None
        inside = bool(conditions)
        condition = conditions.pop(0) if inside else fields["c"] if form.operation == "branch" and "c" in fields else 14
        if form.name == "it.T1":
            conditions = it_conditions(fields["c"], fields["x"])
        instructions.append(Instruction(address + offset, word, form, fields, condition, inside))
        offset += size
    return None if conditions or not instructions else tuple(instructions)


def read_block(code: bytes, address: int, word_at: Callable[[int], int] = lambda address: 0) -> Block | None:
    """The block in ``code``; None where ``decode`` gives None, or a jump is not its last instruction.

    ``word_at`` reads memory: a linker's way to code far off is a jump to what the word behind it says.
    """
    instructions = decode(code, address)
    if instructions is None or any(each.is_jump for each in instructions[:-1]):
        return None
    block = Block(address, len(code), instructions, ())
    return Block(address, len(code), instructions, _targets(block, word_at))


def _targets(block: Block, word_at: Callable[[int], int]) -> tuple[int, ...]:
    jump = block.jump
    if jump is None:
        return (block.end,)
    target = jump.target
    if target is not None:
        falls = jump.condition != ALWAYS or jump.form.operation == "branch_if_zero"
        return (target, block.end) if falls else (target,)
    fields = jump.fields
    if jump.form.operation == "jump_by_load" and fields["n"] == PC:
        return (word_at(jump.aligned_pc + (fields["i"] if fields["u"] else -fields["i"])) & ~1,)
    if jump.form.operation == "jump_to_register":
        constant = _built(block.instructions, fields["m"])
        return () if constant is None else (constant & ~1,)
    return ()


def _built(instructions: tuple[Instruction, ...], register: int) -> int | None:
    """The constant that MOVW and MOVT before the last instruction have put into a register."""
    parts = instructions[-3:-1]
    if [each.form.name for each in parts] != ["movw.T3", "movt.T1"] or any(e.fields["d"] != register for e in parts):
        return None
    low, high = (each.fields["j"] << 12 | each.fields["i"] for each in parts)
    return low | high << 16


def it_conditions(first: int, mask: int) -> list[int]:
    """Conditions of the instructions behind IT (A7.3.3): the lowest bit set in ``mask`` says how many there are."""
    count = 4 - ((mask & -mask).bit_length() - 1)
    return [first] + [first & 14 | mask >> 4 - place & 1 for place in range(1, count)]


def _signed(value: int, bits: int) -> int:
    return value - (value >> bits - 1 << bits)
