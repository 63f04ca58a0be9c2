"""What a block will access, as a small program over the register values at its entry.

Looking at every access while it happens costs Unicorn its fast path, so the addresses are worked out at the entry of
the block: most are a register plus a constant, some need a sum, a shift or a word that the block itself loads. An
address that depends on anything else (a product, a conditional move, a load under IT) is left out and counts as a hit
on an aligned word of another bank.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from capstone import arm  # type: ignore[import-untyped]

from sim.engine.timing import microops as m
from sim.engine.timing.decode import register
from sim.engine.timing.microops import MicroOp

# Operations of the program.
READ, WRITE, ADD, SUBTRACT, VALUE, BANK, SHIFT_RIGHT, SHIFT_RIGHT_SIGNED, AND, MULTIPLY = range(1, 11)
MEMORY, DIVIDE = 11, 12  # are two accesses to one memory; the width of a quotient
ZERO = 16  # slots 0..15 hold the registers at entry, 16 zero, the others what the program computes
FIRST_TEMPORARY = 17
SLOTS = 64
NO_BIT = 255
VARIANT_BITS = 20
MERGE_SPAN = 64  # bytes of accesses beside one register that are looked up as one
MERGE_GAP = 32  # a cache line: no line inside the span is left out
SIGNED = 16
_WORD = 0xFFFFFFFF


@dataclass(slots=True)
class Item:
    """One step: ``a + (b << shift) + constant`` is the address, or the value for ADD."""

    operation: int
    a: int
    b: int = ZERO
    shift: int = 0
    constant: int = 0
    target: int = 0
    bit: int = NO_BIT
    span: int = 0  # bytes; for BANK the second constant
    count: int = 1  # accesses
    mask: int = 0  # address bits that are 0 when aligned
    surplus: int = 0  # cycles that multiple stores into the cache take beyond those into TCM
    first: int = 0  # place in the block of the first and the last instruction behind it
    last: int = 0

    @property
    def place(self) -> tuple[int, int, int]:
        """What the address is relative to."""
        return self.a, self.b, self.shift

    def words(self) -> tuple[int, int, int]:
        """The three int64 of the native program."""
        head = self.operation | self.a << 8 | self.b << 16 | self.shift << 24 | self.target << 32 | self.bit << 40
        return head, self.constant, (self.span & _WORD) | self.count << 32 | self.mask << 40 | self.surplus << 48


Value = tuple[int, int] | None  # slot and constant to be added, or unknown


class AddressProgram:
    """Builds the items of a block and marks its micro-ops' bank and alignment bits."""

    def __init__(self, ops: Sequence[MicroOp]) -> None:
        self.items: list[Item] = []
        self._values: list[Value] = [(index, 0) for index in range(16)]
        self._next = FIRST_TEMPORARY
        self._bits = 0
        self._alignment: dict[tuple[int, ...], int] = {}
        self._pairs: dict[tuple[int, ...], int] = {}
        self._open: dict[tuple[int, int, int, int], Item] = {}
        before: tuple[MicroOp, Item | None] | None = None
        last_store: tuple[MicroOp, Item | None] | None = None
        self._place = 0
        for self._place, op in enumerate(ops):
            access = self._access(op) if op.units & (m.LOAD | m.STORE) and op.instruction is not None else None
            if before is not None and op.units & (m.LOAD | m.STORE):
                self._follows(before, op, access)
            if op.narrow_store:
                self._store_work(op, last_store, access)
            before = (op, access)
            if op.units & m.STORE:
                last_store = (op, access)
            if not op.units & (m.LOAD | m.STORE):
                self._compute(op)
        self._prune()

    # Addresses

    def _access(self, op: MicroOp) -> Item | None:
        """Add the access of a load or store; update the registers it writes."""
        instruction = op.instruction
        conditional = instruction.cc not in (arm.ARM_CC_AL, arm.ARM_CC_INVALID)
        if op.name in ("push", "pop", "vpush", "vpop") or op.name.startswith(("ldm", "stm", "vldm", "vstm")):
            item = self._multiple(op)
        else:
            item = self._single(op)
        written = {number for number, _, _ in op.writes if number < 16}
        back = self._written_back(op) if item is not None and not conditional else None
        base = self._base_of(op)
        for number in written:
            self._values[number] = None
        if back is not None and base in written:
            self._values[base] = back
        if conditional or item is None:
            return None
        if item.operation == READ and len(op.writes) - (back is not None) == 1 and op.writes[0][0] < 15:
            self._loaded(op, item)
        self._mark_alignment(op, item)
        self._record(item)
        return item

    def _base_of(self, op: MicroOp) -> int:
        for operand in op.instruction.operands:
            if operand.type == arm.ARM_OP_MEM:
                return register(operand.mem.base)
        if op.name in ("push", "pop", "vpush", "vpop"):
            return 13
        return register(op.instruction.operands[0].reg)

    def _written_back(self, op: MicroOp) -> Value:
        """The base register after the access; None when the base is not written (or unknown)."""
        base = self._base_of(op)
        value = self._values[base] if 0 <= base < 15 else None
        if value is None or not any(number == base and writer == 0 for number, writer, _ in op.writes):
            return None
        slot, constant = value
        step = self._step(op)
        return None if step is None else (slot, constant + step)

    def _step(self, op: MicroOp) -> int | None:
        """By how much the base register changes."""
        operands = op.instruction.operands
        for operand in operands:
            if operand.type == arm.ARM_OP_MEM:
                if op.instruction.post_index:
                    last = operands[len(operands) - 1]
                    if last.type != arm.ARM_OP_IMM:
                        return None
                    return -last.imm if operand.subtracted else int(last.imm)
                return int(operand.mem.disp)
        size = self._multiple_size(op)
        return -size if op.name in ("push", "vpush") or op.name.endswith("db") else size

    def _multiple_size(self, op: MicroOp) -> int:
        if op.units & m.STORE:
            return 4 * (len(op.reads) - 1)
        return 4 * sum(writer != 0 for _, writer, _ in op.writes)

    def _multiple(self, op: MicroOp) -> Item | None:
        value = self._values[self._base_of(op)]
        if value is None:
            return None
        size = self._multiple_size(op)
        down = op.name in ("push", "vpush") or op.name.endswith("db")
        operation = WRITE if op.units & m.STORE else READ
        start = value[1] - (size if down else 0)
        surplus = size // 8 if operation == WRITE else 0
        return Item(operation, value[0], constant=start, span=size, count=size // 4, surplus=surplus)

    def _single(self, op: MicroOp) -> Item | None:
        instruction = op.instruction
        memory = next((operand for operand in instruction.operands if operand.type == arm.ARM_OP_MEM), None)
        if memory is None:
            return None
        size = _size(op)
        operation = WRITE if op.units & m.STORE else READ
        base = register(memory.mem.base)
        value: Value = (ZERO, (op.address + 4) & ~3) if base == 15 else self._values[base]
        if value is None:
            return None
        constant = value[1] + (0 if instruction.post_index else memory.mem.disp)
        item = Item(operation, value[0], constant=constant, span=size)
        if memory.mem.index:
            index = self._values[register(memory.mem.index)]
            if index is None or memory.subtracted:
                return None
            item.b, item.shift = index[0], memory.shift.value
            item.constant += index[1] << item.shift
        if size > 1:
            item.mask = min(size, 4) - 1
        if size == 8:
            item.count = 2
        return item

    def _loaded(self, op: MicroOp, item: Item) -> None:
        """The loaded value may become an address; pruned later if it does not."""
        size = _size(op)
        if size > 4:
            return
        sign = SIGNED if op.name.startswith("ldrs") else 0
        target = self._temporary()
        if target:
            self.items.append(Item(VALUE, item.a, item.b, item.shift, item.constant, target, span=size | sign))
            self._values[op.writes[0][0]] = (target, 0)

    def _temporary(self) -> int:
        if self._next >= SLOTS:
            return 0
        self._next += 1
        return self._next - 1

    def _mark_alignment(self, op: MicroOp, item: Item) -> None:
        if not item.mask or op.alone or item.a in (13, ZERO):
            return
        key = (*item.place, item.constant & item.mask, item.mask)
        bit = self._alignment.get(key)
        if bit is None:
            if self._bits >= VARIANT_BITS:
                return
            bit = self._alignment[key] = self._bits
            self._bits += 1
        item.bit = op.unaligned = bit

    def _record(self, item: Item) -> None:
        """Append the access, or widen an earlier one beside the same register."""
        key = (item.operation, *item.place)
        old = self._open.get(key)
        if old is not None and (item.bit == NO_BIT or old.bit in (NO_BIT, item.bit)):
            start = min(old.constant, item.constant)
            end = max(old.constant + old.span, item.constant + item.span)
            gap = max(item.constant - old.constant - old.span, old.constant - item.constant - item.span)
            if end - start <= MERGE_SPAN and gap <= MERGE_GAP:
                if old.bit == NO_BIT:
                    old.bit, old.mask = item.bit, item.mask
                old.constant, old.span, old.count = start, end - start, old.count + item.count
                old.surplus += item.surplus
                old.last = self._place
                return
        entry = Item(
            item.operation, *item.place, constant=item.constant, bit=item.bit, span=item.span, count=item.count,
            mask=item.mask, first=self._place, last=self._place, surplus=item.surplus,
        )  # fmt: skip
        self._open[key] = entry
        self.items.append(entry)

    # Banks and narrow stores

    def _follows(self, before: tuple[MicroOp, Item | None], op: MicroOp, access: Item | None) -> None:
        """A load or store behind another instruction: do two loads meet in one bank?"""
        if op.units & m.LOAD and not op.alone and before[0].units & m.LOAD and not before[0].alone:
            self._compare(op, before[1], access, BANK)

    def _is_near(self, first: Item, second: Item) -> bool:
        """What is relative to one register needs no look at it: do the two differ in what matters?"""
        return bool((first.constant ^ second.constant) & 4)

    def _compare(self, op: MicroOp, first: Item | None, second: Item | None, operation: int) -> None:
        if first is None or second is None:
            return
        if first.place == second.place:
            op.bank = -1 if self._is_near(first, second) else -2
            return
        key = (*first.place, first.constant & 7, *second.place, second.constant & 7)
        known = self._pairs.get(key)
        if known is not None:
            op.bank = known
            return
        if self._bits >= VARIANT_BITS:
            return
        slots = []
        for item in (first, second):
            if item.b == ZERO:
                slots.append((item.a, item.constant))
                continue
            target = self._temporary()
            if not target:
                return
            self.items.append(Item(ADD, *item.place, constant=item.constant, target=target))
            slots.append((target, 0))
        op.bank = self._pairs[key] = self._bits
        self._bits += 1
        self.items.append(Item(operation, slots[0][0], slots[1][0], 0, slots[0][1], bit=op.bank, span=slots[1][1]))

    def _store_work(self, op: MicroOp, before: tuple[MicroOp, Item | None] | None, access: Item | None) -> None:
        """Fifths of a cycle: 2.4 cycles for bytes in a row, 2 between banks, 4 into one bank."""
        op.store_work = 10 if op.name.startswith("strh") else 12
        if before is None or access is None or before[1] is None or not before[0].narrow_store:
            return
        if before[1].place == access.place:
            distance = access.constant - before[1].constant
            if distance % 8 == 0:
                op.store_work = 20
            elif distance % 4 == 0:
                op.store_work = 10

    # Values

    def _compute(self, op: MicroOp) -> None:
        written = [number for number, _, _ in op.writes if number < 15]
        if not written:
            return
        value = self._value_of(op) if len(written) == 1 and op.instruction is not None else None
        for number in written:
            self._values[number] = None
        if value is not None:
            self._values[written[0]] = value

    def _value_of(self, op: MicroOp) -> Value:
        instruction = op.instruction
        if instruction.cc not in (arm.ARM_CC_AL, arm.ARM_CC_INVALID):
            return None
        operands = list(instruction.operands)
        if len(operands) == 2 and op.name not in ("mov", "movw", "movt", "adr", "uxtb", "uxth", "sxtb", "sxth", "mvn"):
            operands.insert(1, operands[0])
        sources = [self._operand(operand) for operand in operands[1:]]
        if not sources or sources[0] is None or sources[-1] is None:
            return None
        last = operands[len(operands) - 1]
        shift_type = last.shift.type if last.type == arm.ARM_OP_REG else 0
        shift = last.shift.value if shift_type else 0
        if shift_type not in (0, arm.ARM_SFT_LSL):
            return None
        return self._evaluate(op.name, sources[0], sources[-1], shift, op)

    def _operand(self, operand: Any) -> Value:
        if operand.type == arm.ARM_OP_IMM:
            return ZERO, int(operand.imm)
        number = register(operand.reg) if operand.type == arm.ARM_OP_REG else -1
        return self._values[number] if 0 <= number < 15 else None

    def _evaluate(self, name: str, first: tuple[int, int], last: tuple[int, int], shift: int, op: MicroOp) -> Value:
        if name in ("mov", "movw"):
            return last if not shift else self._item(ADD, ZERO, last[0], shift, last[1] << shift)
        if name == "adr":
            return ZERO, ((op.address + 4) & ~3) + last[1]
        if name in ("add", "addw"):
            constant = first[1] + (last[1] << shift)
            if last[0] == ZERO:
                return first[0], constant
            if first[0] == ZERO and not shift:
                return last[0], constant
            return self._item(ADD, first[0], last[0], shift, constant)
        if name in ("sub", "subw"):
            constant = first[1] - (last[1] << shift)
            if last[0] == ZERO:
                return first[0], constant
            return self._item(SUBTRACT, first[0], last[0], shift, constant)
        if name == "lsl" and last[0] == ZERO:
            return self._item(ADD, ZERO, first[0], last[1], first[1] << last[1])
        if name == "movt" and first[0] == ZERO:
            return None
        if name in ("lsr", "asr", "and", "mul") and not shift:
            kind = {"lsr": SHIFT_RIGHT, "asr": SHIFT_RIGHT_SIGNED, "and": AND, "mul": MULTIPLY}[name]
            return self._item(kind, self._materialized(first), self._materialized(last), 0, 0)
        if name in ("uxtb", "uxth"):
            mask = self._materialized((ZERO, 0xFF if name == "uxtb" else 0xFFFF))
            return self._item(AND, self._materialized(last), mask, 0, 0)
        return None

    def _item(self, operation: int, a: int, b: int, shift: int, constant: int) -> Value:
        target = self._temporary()
        if not target or shift > 31:
            return None
        self.items.append(Item(operation, a, b, shift, constant, target))
        return target, 0

    def _materialized(self, value: tuple[int, int]) -> int:
        if value[1] == 0:
            return value[0]
        result = self._item(ADD, value[0], ZERO, 0, value[1])
        return result[0] if result else ZERO

    def _prune(self) -> None:
        """Drop values nobody uses."""
        used: set[int] = set()
        kept: list[Item] = []
        for item in reversed(self.items):
            if item.target and item.target not in used:
                continue
            used.update((item.a, item.b))
            kept.append(item)
        self.items = kept[::-1]


def _size(op: MicroOp) -> int:
    """Bytes of a single access."""
    name = op.name
    if name in ("ldrd", "strd"):
        return 8
    if name in ("vldr", "vstr"):
        return 4 * (len([1 for number, _, _ in op.writes if number >= m.FLOATS])
                    or len([1 for number, _ in op.reads if number >= m.FLOATS]))  # fmt: skip
    if name.startswith("pld"):
        return 1
    rest = name.removeprefix("ldr").removeprefix("str").removeprefix("ex").lstrip("s")
    return {"b": 1, "h": 2, "bt": 1, "ht": 2}.get(rest[:2] or "w", 4)
