# mypy: disable-error-code="import-untyped"
"""Variables: states that a run leaves for the next, as streaming models have them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from model.compiler.ir import Move, Op, Tensor
from model.compiler.raw import RawOp


def _var_handle(raw: RawOp) -> Sequence[Op]:
    options = raw.options("VarHandleOptions")
    container = b"" if options is None else options.Container() or b""
    name = b"" if options is None else options.SharedName() or b""
    raw.variables.open(raw.output, (container.decode("utf-8", "replace"), name.decode("utf-8", "replace")))
    return []


def _handle(raw: RawOp) -> Tensor:
    handle = raw.input(0, "handle")
    if not raw.variables.knows(handle):
        raw.fail(f"takes '{handle.name}' for a variable, which no VAR_HANDLE made")
    return handle


def _copy(raw: RawOp, source: Tensor, target: Tensor) -> Sequence[Op]:
    if source.dtype != target.dtype or source.shape != target.shape:
        raw.fail(
            f"copies {source.dtype} {list(source.shape)} to {target.dtype} {list(target.shape)}, expected the same"
        )
    return [Move(raw.kind, [source], target, sources=np.arange(source.size))]


def _read_variable(raw: RawOp) -> Sequence[Op]:
    state = raw.variables.state(_handle(raw))
    if state is None:
        raw.fail("reads a variable that nothing has assigned before")
    raw.shape(state.shape)
    return _copy(raw, state, raw.output)


def _assign_variable(raw: RawOp) -> Sequence[Op]:
    handle, value = _handle(raw), raw.input(1, "value")
    state = raw.variables.state(handle)
    if raw.variables.starting:
        if value.data is None:
            raw.fail("computes a variable's first value, expected a constant")
        raw.variables.create(handle, value, value.data)
        return []
    return _copy(raw, value, state or raw.variables.create(handle, value, None))


BUILDERS: dict[str, Callable[[RawOp], Sequence[Op]]] = {
    "ASSIGN_VARIABLE": _assign_variable,
    "READ_VARIABLE": _read_variable,
    "VAR_HANDLE": _var_handle,
}
