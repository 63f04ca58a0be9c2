"""What registers hold at each instruction of a block, as far as it follows from what they held at its entry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sim.engine.native.loops.blocks import ALWAYS, Instruction
from sim.engine.native.loops.forms import LR, PC, Fields
from sim.engine.native.loops.lift import expanded
from sim.engine.native.traps import layout

_WORD = 0xFFFFFFFF


@dataclass(frozen=True)
class Value:
    """What slot ``slot`` holds, plus a constant."""

    slot: int
    constant: int = 0

    def plus(self, constant: int) -> Value:
        """The same, further on."""
        return Value(self.slot, self.constant + constant & _WORD)


@dataclass(frozen=True)
class Item:
    """One step of the program; ``site`` is the instruction's offset for the two that check."""

    operation: int
    a: int
    b: int = layout.ZERO
    shift: int = 0
    constant: int = 0
    target: int = 0
    site: int = 0

    def words(self) -> tuple[int, int, int]:
        """As ``native.py`` reads it."""
        head = self.operation | self.a << 8 | self.b << 16 | self.shift << 24 | self.target << 32
        return head, self.constant, self.site


class Symbols:
    """Follows the instructions of a block; ``items`` grows by what is needed to compute values."""

    def __init__(self) -> None:
        self.items: list[Item] = []
        self._values: dict[int, Value | None] = {number: Value(number) for number in range(PC)}
        self._next = layout.FIRST_TEMPORARY

    def get(self, register: int) -> Value | None:
        """What a register holds now; None when nobody can say."""
        return self._values.get(register)

    def forget(self, *registers: int) -> None:
        """Registers that from now on hold what nobody can say."""
        for register in registers:
            self._values[register] = None

    def sum(self, a: Value, b: Value, shift: int = 0) -> Value | None:
        """``a + (b << shift)``."""
        constant = a.constant + (b.constant << shift) & _WORD
        if b.slot == layout.ZERO:
            return Value(a.slot, constant)
        if a.slot == layout.ZERO and not shift:
            return Value(b.slot, constant)
        return self._item(layout.ADD, a.slot, b.slot, shift, constant)

    def after(self, instruction: Instruction) -> None:
        """Take in what an instruction of the table does to registers."""
        written = _written(instruction)
        fields = instruction.fields
        if instruction.condition != ALWAYS:
            self.forget(*written)
            return
        operation, options = instruction.form.operation, instruction.form.options
        if operation in ("load", "store", "load_pair", "store_pair"):
            self._transfer(instruction)
        elif operation in ("load_many", "store_many"):
            self._transfer_many(instruction)
        else:
            value = self._computed(operation, options, instruction)
            self.forget(*written)
            if value is not None and "d" in fields:
                self._values[fields["d"]] = value

    def address(self, instruction: Instruction) -> Value | None:
        """Where a load or store of the table goes (before its base changes)."""
        fields = instruction.fields
        base = Value(layout.ZERO, instruction.aligned_pc) if fields["n"] == PC else self.get(fields["n"])
        if base is None or instruction.form.operation in ("load_many", "store_many"):
            return base
        if "m" in fields:
            index = self.get(fields["m"])
            return None if index is None else self.sum(base, index, fields.get("i", 0))
        return base.plus(_offset(instruction) if fields.get("p", 1) else 0)

    def load(self, address: Value, size: int, signed: bool) -> Value | None:
        """What memory holds, as far as the block has not changed it."""
        return self._item(layout.LOADS[size, signed], address.slot, constant=address.constant)

    # Instructions

    def _transfer(self, instruction: Instruction) -> None:
        fields, options = instruction.fields, instruction.form.options
        address = self.address(instruction)
        base = self.get(fields["n"])
        loaded: dict[int, Value | None] = {}
        if instruction.form.operation == "load":
            size, signed = int(options["size"]), options.get("signed") == "yes"
            loaded[fields["t"]] = None if address is None else self.load(address, size, signed)
        elif instruction.form.operation == "load_pair":
            for place, letter in enumerate("te"):
                word = None if address is None else self.load(address.plus(4 * place), 4, False)
                loaded[fields[letter]] = word
        if fields.get("w"):
            self._values[fields["n"]] = None if base is None else base.plus(_offset(instruction))
        self._values.update(loaded)

    def _transfer_many(self, instruction: Instruction) -> None:
        fields = instruction.fields
        registers = [which for which in range(13) if fields["r"] >> which & 1]
        registers += [LR] if fields.get("L") else []
        base, before = self.get(fields["n"]), instruction.form.options["before"] == "yes"
        start = None if base is None else base.plus(-4 * len(registers)) if before else base
        if fields["w"]:
            moved = -4 * len(registers) if before else 4 * len(registers)
            self._values[fields["n"]] = None if base is None else base.plus(moved)
        if instruction.form.operation == "load_many":
            for place, register in enumerate(registers):
                self._values[register] = None if start is None else self.load(start.plus(4 * place), 4, False)

    def _computed(self, operation: str, options: Mapping[str, str], instruction: Instruction) -> Value | None:
        """The result in ``d``; None for what is not followed."""
        fields = instruction.fields
        if operation == "adr":
            offset = fields["i"] * int(options["scale"])
            return Value(layout.ZERO, instruction.aligned_pc + (offset if fields["u"] else -offset) & _WORD)
        if operation == "shift" and options["by"] == "imm":
            return self._shifted(self.get(fields["m"]), ("lsl", "lsr", "asr").index(options["kind"]), fields["i"])
        if operation in ("extend", "extract", "movt", "mul"):
            return self._masked(operation, options, fields)
        if operation not in ("mov", "add", "sub", "and", "bic", "orr"):
            return None
        second = self._second(options, fields)
        first = second if operation == "mov" else self.get(fields.get("n", fields.get("d", PC)))
        if first is None or second is None:
            return None
        if operation == "mov":
            return second
        if operation == "add":
            return self.sum(first, second)
        if operation == "sub":
            if second.slot == layout.ZERO:
                return first.plus(-second.constant)
            constant = first.constant - second.constant & _WORD
            return self._item(layout.SUBTRACT, first.slot, second.slot, constant=constant)
        if operation == "bic":
            if second.slot != layout.ZERO:
                return None
            second = Value(layout.ZERO, ~second.constant & _WORD)
        return self._of_two(layout.OR if operation == "orr" else layout.AND, first, second)

    def _second(self, options: Mapping[str, str], fields: Fields) -> Value | None:
        kind = options["second"]
        if kind == "reg":
            return self.get(fields["m"])
        if kind == "shifted":
            return self._shifted(self.get(fields["m"]), fields["y"], fields["i"])
        if kind == "expanded":
            return Value(layout.ZERO, expanded(fields["i"])[0])
        if kind == "wide":
            return Value(layout.ZERO, fields["j"] << 12 | fields["i"])
        return Value(layout.ZERO, 0 if kind == "zero" else fields["i"] * int(options.get("scale", "1")))

    def _shifted(self, value: Value | None, kind: int, amount: int) -> Value | None:
        """``kind``: 0 to 3 for LSL, LSR, ASR, ROR; an amount of 0 is 32 for the right shifts (A7.4.2)."""
        if value is None or kind == 3 or (kind and not amount):
            return None
        if kind == 0:
            return self.sum(Value(layout.ZERO), value, amount) if amount else value
        source = self._plain(value)
        operation = layout.SHIFT_RIGHT if kind == 1 else layout.SHIFT_RIGHT_SIGNED
        return None if source is None else self._item(operation, source, shift=amount)

    def _masked(self, operation: str, options: Mapping[str, str], fields: Fields) -> Value | None:
        if operation == "movt":
            low = self.get(fields["d"])
            if low is None or low.slot != layout.ZERO:
                return None
            return Value(layout.ZERO, low.constant & 0xFFFF | (fields["j"] << 12 | fields["i"]) << 16)
        if operation == "mul":
            first, second = self.get(fields.get("n", fields["d"])), self.get(fields["m"])
            return None if first is None or second is None else self._of_two(layout.MULTIPLY, first, second)
        if options["signed"] == "yes" or (operation == "extend" and ("n" in fields or fields["i"])):
            return None
        mask = (1 << int(options["width"])) - 1 if operation == "extend" else (2 << fields["x"]) - 1
        source = self.get(fields["m"]) if operation == "extend" else self.get(fields["n"])
        if operation == "extract" and fields["i"]:
            source = self._shifted(source, 1, fields["i"])
        return None if source is None else self._of_two(layout.AND, source, Value(layout.ZERO, mask))

    def _of_two(self, operation: int, first: Value, second: Value) -> Value | None:
        a, b = self._plain(first), self._plain(second)
        return None if a is None or b is None else self._item(operation, a, b)

    def _plain(self, value: Value) -> int | None:
        """A slot that holds the value whole."""
        if not value.constant:
            return value.slot
        made = self._item(layout.ADD, value.slot, constant=value.constant)
        return None if made is None else made.slot

    def _item(self, operation: int, a: int, b: int = layout.ZERO, shift: int = 0, constant: int = 0) -> Value | None:
        if self._next == layout.SLOTS:
            return None
        target = self._next
        self._next += 1
        self.items.append(Item(operation, a, b, shift, constant & _WORD, target))
        return Value(target)


def _offset(instruction: Instruction) -> int:
    fields = instruction.fields
    offset = fields["i"] * int(instruction.form.options["scale"])
    return offset if fields.get("u", 1) else -offset


def _written(instruction: Instruction) -> list[int]:
    """General registers an instruction of the table may change."""
    fields, operation = instruction.fields, instruction.form.operation
    written = [fields[letter] for letter in "deh" if letter in fields and not operation.startswith(("store", "load"))]
    if operation.startswith("load"):
        written += [fields[letter] for letter in "te" if letter in fields]
    if operation in ("load_many", "jump_by_pop"):
        written += [which for which in range(13) if fields["r"] >> which & 1] + [LR] * fields.get("L", 0)
    if fields.get("w"):
        written.append(fields["n"])
    return written
