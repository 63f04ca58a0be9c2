"""The address program of a block on the Cortex-M4: which accesses are to another memory, how wide quotients are."""

from __future__ import annotations

from sim.engine.timing import microops as m
from sim.engine.timing.addresses import DIVIDE, MEMORY, AddressProgram, Item
from sim.engine.timing.microops import MicroOp


class M4AddressProgram(AddressProgram):
    """Bits of a variant say which load or store is to another memory than the load before it; alignment is looked at
    when the access is."""

    def _follows(self, before: tuple[MicroOp, Item | None], op: MicroOp, access: Item | None) -> None:
        if before[0].units & m.LOAD and not before[0].alone and not op.alone:
            self._compare(op, before[1], access, MEMORY)

    def _is_near(self, first: Item, second: Item) -> bool:
        """Beside one register: one memory."""
        return True

    def _mark_alignment(self, op: MicroOp, item: Item) -> None:
        """Nothing for the pipeline."""

    def _store_work(self, op: MicroOp, before: tuple[MicroOp, Item | None] | None, access: Item | None) -> None:
        """All stores are alike."""

    def _compute(self, op: MicroOp) -> None:
        if op.name in ("udiv", "sdiv") and op.instruction is not None and not op.conditional:
            self._divide(op)
        super()._compute(op)

    def _divide(self, op: MicroOp) -> None:
        operands = [self._operand(operand) for operand in op.instruction.operands]
        dividend, divisor = operands[-2], operands[-1]
        if dividend is None or divisor is None:
            return
        self.items.append(
            Item(
                DIVIDE, dividend[0], divisor[0], int(op.name == "sdiv"), dividend[1], span=divisor[1],
                first=self._place, last=self._place,
            )
        )  # fmt: skip
        op.measured = True
