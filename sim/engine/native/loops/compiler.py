"""A region as one native function: ``int64 f(int32 *registers, int32 *flags, int64 *state, int64 entry)``.

It starts at the region's block number ``entry`` and returns the address of the block that is to be run next, having
brought registers, flags and the time (``NOW``) up to there. It looks at the deadline before every block, so it stops
where Unicorn would. ``flags`` are QEMU's C, V, N, Z and Q, a word each.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir

from sim.engine.native import shared
from sim.engine.native.loops import data, products, transfers  # noqa: F401 (they register the operations)
from sim.engine.native.loops.blocks import ALWAYS, Block, Instruction
from sim.engine.native.loops.device_reads import DeviceReads
from sim.engine.native.loops.forms import LR, PC
from sim.engine.native.loops.kind import COUNTS_SHIFT, Kind
from sim.engine.native.loops.lift import CF, I32, I64, NF, QF, VALUES, VF, ZF, Lifter, word
from sim.engine.native.loops.memory import MemoryAccess
from sim.engine.native.loops.trace import fold_in
from sim.engine.native.object_code import object_file, target_machine

FLAG_ORDER = (CF, VF, NF, ZF, QF)
"""The order of the words at ``flags``: QEMU's ``CPUARMState``."""
_EXCEPTION_RETURN = 0xF0000000  # addresses from here on are no code


class _Function:
    """The function under construction."""

    def __init__(self, module: ir.Module, name: str, region: dict[int, Block], kind: Kind) -> None:
        self._region = region
        self._kind = kind
        pointer = I32.as_pointer()
        function = ir.Function(module, ir.FunctionType(I64, [pointer, pointer, I64.as_pointer(), I64]), name)
        self._function = function
        registers, flags, self._state, entry = function.args
        for argument in (registers, flags):
            argument.add_attribute("noalias")
        self._builder = b = ir.IRBuilder(function.append_basic_block("entry"))
        self._places = [
            b.gep(flags, [ir.Constant(I64, FLAG_ORDER.index(which))], inbounds=True)
            if which in FLAG_ORDER
            else b.gep(registers, [ir.Constant(I64, which)], inbounds=True)
            for which in range(VALUES)
        ]
        self._values = [b.alloca(I32) for _ in range(VALUES)]
        self._now = b.alloca(I64)
        self._next = b.alloca(I64)
        self._nowhere = {bits: b.alloca(ir.IntType(bits)) for bits in (8, 16, 32)}
        self._changed: set[int] = set()
        for which in range(VALUES):
            if which != PC:
                b.store(b.load(self._places[which]), self._values[which])
        b.store(b.load(self._slot(shared.NOW)), self._now)
        self._reads, self._writes = (
            b.inttoptr(b.load(self._slot(slot)), I64.as_pointer()) for slot in (shared.READ_PAGES, shared.WRITE_PAGES)
        )
        self._exit = function.append_basic_block("exit")
        self._blocks = {address: function.append_basic_block(f"b{address:x}") for address in region}
        stray = function.append_basic_block("stray")
        if kind.counted:
            self._counts = b.inttoptr(b.lshr(entry, ir.Constant(I64, COUNTS_SHIFT)), I64.as_pointer())
            entry = b.and_(entry, ir.Constant(I64, (1 << COUNTS_SHIFT) - 1))
        switch = b.switch(entry, stray)
        for place, address in enumerate(region):
            switch.add_case(ir.Constant(I64, place), self._blocks[address])
        ir.IRBuilder(stray).unreachable()
        self._returns = sorted({block.end for block in region.values() if block.calls} & region.keys())
        for block in region.values():
            self._block(block)
        self._finish()

    def _count(self, block: Block, which: int, more: Any) -> None:
        """Add to the runs (0) or taken branches (1) of a block."""
        b = self._builder
        place = 2 * list(self._region).index(block.address) + which
        count = b.gep(self._counts, [ir.Constant(I64, place)], inbounds=True)
        b.store(b.add(b.load(count), more), count)

    def _slot(self, slot: int) -> Any:
        return self._builder.gep(self._state, [ir.Constant(I64, slot)], inbounds=True)

    def _leave(self, b: ir.IRBuilder, address: Any) -> None:
        b.store(address if isinstance(address, ir.Value) else ir.Constant(I64, address), self._next)
        b.branch(self._exit)

    def _block(self, block: Block) -> None:
        """Code for one block; what cannot be lifted leaves the region before it."""
        self._builder = b = ir.IRBuilder(self._blocks[block.address])
        body = self._function.append_basic_block("body")
        leave = self._function.append_basic_block("leave")
        deadline = b.load(self._slot(shared.DEADLINE))
        deadline.volatile = True
        now = b.load(self._now)
        b.cbranch(b.icmp_signed("<", now, deadline), body, leave)
        self._leave(ir.IRBuilder(leave), block.address)
        b.position_at_end(body)
        values: list[Any] = [None if which == PC else b.load(self._values[which]) for which in range(VALUES)]
        devices = DeviceReads(b, self._state, now) if self._kind.polls else None
        memory = MemoryAccess(b, self._reads, self._writes, leave, self._nowhere, devices)
        lifter = Lifter(b, values, memory)
        ends = block.jump
        for place, instruction in enumerate(block.instructions):
            if devices is not None:
                devices.place = place
            if instruction is not ends:
                lifter.lift(instruction)
        jump = self._jump(lifter, block, ends) if ends else lambda: self._go(block.end)
        if self._kind.traced:
            slots = self._slot(shared.TRACE_HASH), self._slot(shared.TRACE_COUNT)
            fold_in(b, slots, block.address, values[:PC], [values[which] for which in FLAG_ORDER])
        if self._kind.counted:
            self._count(block, 0, ir.Constant(I64, 1))
        for which, value in lifter.written.items():
            b.store(value, self._values[which])
            self._changed.add(which)
        b.store(b.add(now, ir.Constant(I64, len(block.instructions))), self._now)
        jump()

    def _go(self, address: int) -> None:
        """On to a block of the region, or out."""
        if address in self._blocks:
            self._builder.branch(self._blocks[address])
        else:
            self._leave(self._builder, address)

    def _to(self, address: int) -> ir.Block:
        if address in self._blocks:
            return self._blocks[address]
        out = self._function.append_basic_block("out")
        self._leave(ir.IRBuilder(out), address)
        return out

    def _jump(self, lifter: Lifter, block: Block, jump: Instruction) -> Callable[[], object]:
        """Evaluate what the jump at the end needs; returns what then emits it."""
        b, target = self._builder, jump.target
        if target is None:
            return self._indirect(lifter, block, jump)
        if jump.form.operation == "call":
            lifter.set(LR, word(block.end | 1))
        if jump.form.operation == "branch_if_zero":
            kind = "!=" if jump.fields["x"] else "=="
            holds = b.icmp_unsigned(kind, lifter.get(jump.fields["n"]), word(0))
        elif jump.condition != ALWAYS:
            holds = lifter.condition(jump.condition)
        else:
            return lambda: self._go(target)

        def emit() -> None:
            if self._kind.counted:
                self._count(block, 1, b.zext(holds, I64))
            b.cbranch(holds, self._to(target), self._to(block.end))

        return emit

    def _indirect(self, lifter: Lifter, block: Block, jump: Instruction) -> Callable[[], object]:
        b, name = self._builder, jump.form.operation
        if name == "jump_by_pop":
            target = transfers.jump_by_pop(lifter, jump)
        elif name == "jump_by_load":
            target = transfers.jump_by_load(lifter, jump)
        else:
            target = lifter.get(jump.fields["m"])
            if name == "call_register":
                lifter.set(LR, word(block.end | 1))
        # A return from an exception, or an address of ARM code, is Unicorn's to deal with.
        lifter.memory.leave_unless(b.icmp_unsigned("<", target, word(_EXCEPTION_RETURN)))
        lifter.memory.leave_unless(b.icmp_unsigned("!=", b.and_(target, word(1)), word(0)))
        address = b.and_(target, word(~1))

        def emit() -> None:
            elsewhere = self._function.append_basic_block("elsewhere")
            switch = b.switch(address, elsewhere)
            for known in sorted({*self._returns, *block.targets} & self._blocks.keys()):
                switch.add_case(word(known), self._blocks[known])
            out = ir.IRBuilder(elsewhere)
            self._leave(out, out.zext(address, I64))

        return emit

    def _finish(self) -> None:
        b = ir.IRBuilder(self._exit)
        for which in sorted(self._changed):
            b.store(b.load(self._values[which]), self._places[which])
        self._builder = b
        b.store(b.load(self._now), self._slot(shared.NOW))
        b.ret(b.load(self._next))


def compile_region(region: dict[int, Block], name: str, kind: Kind) -> bytes:
    """Machine code of the function ``name``, as an object file of the host."""
    return compile_regions({name: region}, kind)


def compile_regions(regions: dict[str, dict[int, Block]], kind: Kind) -> bytes:
    """Machine code of several functions, by name, as one object file of the host."""
    module = ir.Module("loops")
    module.triple = target_machine().triple
    for name, region in regions.items():
        _Function(module, name, region, kind)
    parsed = llvm.parse_assembly(str(module))
    parsed.verify()
    return object_file(parsed, speed_level=2)


__all__ = ["FLAG_ORDER", "compile_region", "compile_regions"]
