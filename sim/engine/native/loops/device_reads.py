# mypy: disable-error-code="no-untyped-call"
"""Reads of devices by native code: where firmware polls what is answered natively, its loop need not be left."""

from __future__ import annotations

from typing import Any

from llvmlite import ir

from sim.engine.native import shared

_I64 = ir.IntType(64)
_FUNCTION = ir.FunctionType(_I64, [_I64, _I64, _I64, _I64])


class DeviceReads:
    """Calls ``answers.read_device`` for the instructions of one block, which began at cycle ``start``.

    ``place``: the instruction being lifted; each takes a cycle.
    """

    def __init__(self, builder: ir.IRBuilder, state: Any, start: Any) -> None:
        self._builder, self._state, self._start = builder, state, start
        self.place = 0

    def read(self, address: Any, size: int) -> Any:
        """An i64, negative when the read has to be left to Unicorn."""
        b = self._builder
        slot = b.gep(self._state, [ir.Constant(_I64, shared.FN_READ_DEVICE)], inbounds=True)
        function = b.inttoptr(b.load(slot), _FUNCTION.as_pointer())
        now = b.add(self._start, ir.Constant(_I64, self.place))
        state = b.ptrtoint(self._state, _I64)
        return b.call(function, [state, b.zext(address, _I64), ir.Constant(_I64, size), now])
