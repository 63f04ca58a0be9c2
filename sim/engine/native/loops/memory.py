# mypy: disable-error-code="no-untyped-call,no-any-return"
"""Loads and stores of native code: straight into plain memory, or not at all.

Two tables, one for reads and one for writes, hold for each 4 KiB page what to add to a guest address to get the host's,
and 0 for a page that is not plain (devices, watched pages, nothing; for writes also pages that code was run from). An
access that is not plain leaves the block to Unicorn: what the block has stored so far is taken back, its registers
have not been written yet. Where the loop polls (``devices``), a load that is not plain asks for a native answer first.

A page is looked up once a block for all addresses that differ by a constant: such a group's first and last byte must
lie in pages with the same addend.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir

from sim.engine.native.loops.device_reads import DeviceReads

_I8, _I32, _I64 = ir.IntType(8), ir.IntType(32), ir.IntType(64)
PAGE_SHIFT = 12
_WIDEST = 1 << 11  # bytes a group may span, so that it touches two pages at most


def _word(value: int) -> ir.Constant:
    return ir.Constant(_I32, value & 0xFFFFFFFF)


class _Group:
    """Accesses at a root plus constants; ``first`` and ``last`` are the instructions whose constants grow with it."""

    def __init__(self, low: int, high: int, first: Any, last: Any, addend: Any) -> None:
        self.low, self.high = low, high
        self._first, self._last = first, last
        self.addend = addend

    def admit(self, low: int, high: int) -> bool:
        """Take in bytes ``low`` to ``high`` (included) behind the root; False when the group would grow too wide."""
        if max(high, self.high) - min(low, self.low) >= _WIDEST:
            return False
        self.low, self.high = min(low, self.low), max(high, self.high)
        for instruction, value in ((self._first, self.low), (self._last, self.high)):
            instruction.operands = [instruction.operands[0], _word(value)]
        return True


class MemoryAccess:
    """The accesses of one block. ``leave``: where to go (as if the block had not begun) when one is not plain."""

    def __init__(
        self,
        builder: ir.IRBuilder,
        reads: Any,
        writes: Any,
        leave: ir.Block,
        nowhere: dict[int, Any],
        devices: DeviceReads | None,
    ) -> None:
        self._builder = builder
        self._tables = {False: reads, True: writes}
        self._leave = leave
        self._devices = devices
        self._nowhere = nowhere  # by width in bits: where undoing a store that did not happen may write to
        self._roots: dict[int, tuple[Any, int]] = {}
        self._groups: dict[tuple[int, bool], list[_Group]] = {}
        self._aligned: set[tuple[int, int]] = set()
        self._undone: list[tuple[Any, Any]] = []
        self._conditional_from: int | None = None
        self._keep: list[Any] = []  # values whose id() is a key

    # Addresses

    def derive(self, result: Any, source: Any, offset: int) -> None:
        """``result`` is ``source`` plus a constant."""
        root, before = self._roots.get(id(source), (source, 0))
        self._roots[id(result)] = (root, before + offset)
        self._keep += [result, source]

    def _host(self, address: Any, size: int, write: bool) -> Any:
        """Pointer to the byte at ``address``; leaves the block when it is not plain memory."""
        b = self._builder
        root, offset = self._roots.get(id(address), (address, 0))
        self._keep.append(address)
        groups = self._groups.setdefault((id(root), write), [])
        for group in groups:
            if group.admit(offset, offset + size - 1):
                return b.add(b.zext(address, _I64), group.addend)
        first = b.add(root, _word(offset))
        last = b.add(root, _word(offset + size - 1))
        addend, plain = self._pages(first, last, write)
        self._unless(plain)
        if self._conditional_from is None:  # else it is not known to have been looked up where others need it
            groups.append(_Group(offset, offset + size - 1, first, last, addend))
        return b.add(b.zext(address, _I64), addend)

    def _pages(self, first: Any, last: Any, write: bool) -> tuple[Any, Any]:
        """The addend of the page or pages from byte ``first`` to byte ``last``, and whether they are plain memory."""
        b = self._builder
        addend, other = self._lookup(first, write), self._lookup(last, write)
        return addend, b.and_(b.icmp_unsigned("==", addend, other), b.icmp_unsigned("!=", addend, ir.Constant(_I64, 0)))

    def _lookup(self, address: Any, write: bool) -> Any:
        b = self._builder
        page = b.zext(b.lshr(address, _word(PAGE_SHIFT)), _I64)
        entry = b.load(b.gep(self._tables[write], [page], inbounds=True))
        entry.set_metadata("invariant.load", b.module.add_metadata([]))
        return entry

    def require_aligned(self, address: Any) -> None:
        """LDRD, LDM and their like fault on an address that is no multiple of 4."""
        b = self._builder
        root, offset = self._roots.get(id(address), (address, 0))
        key = (id(root), offset & 3)
        if key in self._aligned:
            return
        self._unless(b.icmp_unsigned("==", b.and_(address, _word(3)), _word(0)))
        if self._conditional_from is None:
            self._aligned.add(key)
            self._keep.append(root)

    def leave_unless(self, condition: Any) -> None:
        """Leave the block to Unicorn when ``condition`` does not hold."""
        self._unless(condition)

    def _unless(self, plain: Any) -> None:
        b = self._builder
        target = self._leave
        if self._undone:
            target = b.append_basic_block("undo")
            with b.goto_block(target):
                for pointer, old in reversed(self._undone):
                    b.store(old, pointer, align=1)
                b.branch(self._leave)
        go_on = b.append_basic_block("plain")
        b.cbranch(plain, go_on, target)
        b.position_at_end(go_on)

    # Accesses

    def load(self, address: Any, size: int) -> Any:
        """``size`` bytes (1, 2, 4) as an integer of that width."""
        if self._devices is not None:
            return self._load_anywhere(self._devices, address, size)
        return self._plain_load(self._host(address, size, False), size)

    def _plain_load(self, host: Any, size: int) -> Any:
        b = self._builder
        return b.load(b.inttoptr(host, ir.IntType(8 * size).as_pointer()), align=1)

    def _load_anywhere(self, devices: DeviceReads, address: Any, size: int) -> Any:
        b, kind = self._builder, ir.IntType(8 * size)
        addend, plain = self._pages(address, b.add(address, _word(size - 1)), False)
        memory, device, loaded = (b.append_basic_block(name) for name in ("memory", "device", "loaded"))
        b.cbranch(plain, memory, device)
        b.position_at_end(memory)
        from_memory = self._plain_load(b.add(b.zext(address, _I64), addend), size)
        b.branch(loaded)
        b.position_at_end(device)
        answer = devices.read(address, size)
        self._unless(b.icmp_signed(">=", answer, ir.Constant(_I64, 0)))
        from_device, answered = b.trunc(answer, kind), b.block
        b.branch(loaded)
        b.position_at_end(loaded)
        value = b.phi(kind)
        value.add_incoming(from_memory, memory)
        value.add_incoming(from_device, answered)
        return value

    def store(self, address: Any, value: Any, size: int) -> None:
        """``value``, an integer of ``size`` bytes."""
        b = self._builder
        pointer = b.inttoptr(self._host(address, size, True), ir.IntType(8 * size).as_pointer())
        self._undone.append((pointer, b.load(pointer, align=1)))
        b.store(value, pointer, align=1)

    # Instructions under a condition

    def enter_condition(self) -> None:
        """What follows may not run."""
        self._conditional_from = len(self._undone)

    def leave_condition(self, origin: ir.Block, last: ir.Block) -> None:
        """The block that follows is reached from ``last`` when it ran and from ``origin`` when not."""
        b = self._builder
        start = self._conditional_from or 0
        self._conditional_from = None
        for place, (pointer, old) in enumerate(self._undone[start:], start):
            where, what = b.phi(pointer.type), b.phi(old.type)
            for phi, happened, otherwise in (
                (where, pointer, self._nowhere[old.type.width]),
                (what, old, ir.Constant(old.type, 0)),
            ):
                phi.add_incoming(happened, last)
                phi.add_incoming(otherwise, origin)
            self._undone[place] = (where, what)
