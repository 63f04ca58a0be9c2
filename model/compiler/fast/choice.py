"""Which layers take a generated kernel, and why the others do not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from model.compiler.fast.assembly import OutOfReachError, Routine
from model.compiler.fast.call import FastCall, NoFastKernelError
from model.compiler.fast.convolution import convolution
from model.compiler.fast.depthwise import depthwise
from model.compiler.fast.pointwise import pointwise
from model.compiler.fast.requantize import NoFormError
from model.compiler.firmware_needs import FLASH_BYTES
from model.compiler.ir import Conv2D, DepthwiseConv2D, Op
from model.compiler.kernels import KernelCall

CODE_BYTES = 40 * 1024
"""Of ITCM's 64 KB; all plain kernels together take 24 KB there, by zig."""


def prefer_fast(calls: Sequence[KernelCall]) -> tuple[list[KernelCall], dict[Op, str]]:
    """``calls`` with generated kernels in place of plain ones where there are some; of the operators with
    multiplications that keep theirs, the reason.

    Layers with most multiplications choose first, as long as there is room for their code and for their weights.
    """
    chosen: dict[Op, FastCall] = {}
    reasons: dict[Op, str] = {}
    plain_bytes = {call.op: call.weight_bytes for call in calls}
    room, flash = CODE_BYTES, FLASH_BYTES - CODE_BYTES - sum(call.weight_bytes for call in calls)
    code: set[str] = set()
    for op in sorted(dict.fromkeys(call.op for call in calls if call.op.macs), key=lambda op: -op.macs):
        try:
            call = _kernel(op)
        except (NoFastKernelError, NoFormError, OutOfReachError) as error:
            reasons[op] = str(error)
            continue
        new = {routine.name: routine.size for routine in call.routines.values() if routine.name not in code}
        if sum(new.values()) > room:
            reasons[op] = f"{sum(new.values()):,} bytes of code, {room:,} of {CODE_BYTES:,} are left"
            continue
        wider = call.weight_bytes - plain_bytes[op]
        if wider > flash:
            reasons[op] = f"{wider:,} bytes of flash for 16-bit weights, {max(flash, 0):,} are left"
            continue
        flash -= wider
        room -= sum(new.values())
        code |= new.keys()
        chosen[op] = call
    return [chosen.get(call.op, call) for call in calls], reasons


def routines_of(calls: Iterable[KernelCall]) -> list[Routine]:
    """The functions ``calls`` need, each once, in the order of the layers."""
    found = {
        routine.name: routine for call in calls if isinstance(call, FastCall) for routine in call.routines.values()
    }
    return list(found.values())


def scratch_of(calls: Iterable[KernelCall]) -> int:
    """Bytes of scratch memory: of the layer that needs most."""
    return max((call.scratch for call in calls if isinstance(call, FastCall)), default=0)


def _kernel(op: Op) -> FastCall:
    if isinstance(op, Conv2D) and op.groups == 1:
        return pointwise(op) if _is_pointwise(op) else convolution(op)
    if isinstance(op, DepthwiseConv2D):
        return depthwise(op)
    raise NoFastKernelError(f"{op.kind} of this kind has no other")


def _is_pointwise(op: Conv2D) -> bool:
    same = op.inputs[0].hwc[:2] == op.output.hwc[:2]
    return op.window.kernel == (1, 1) and op.window.stride == (1, 1) and same
