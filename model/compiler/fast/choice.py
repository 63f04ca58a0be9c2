"""Which layers take a generated kernel, and why the others do not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from model.compiler.fast.addition import addition
from model.compiler.fast.assembly import OutOfReachError, Routine
from model.compiler.fast.call import FastCall, NoFastKernelError, Variant
from model.compiler.fast.convolution import convolution
from model.compiler.fast.dense import dense
from model.compiler.fast.depthwise import depthwise
from model.compiler.fast.pointwise import pointwise
from model.compiler.fast.requantize import NoFormError
from model.compiler.fast.tile import PIXELS
from model.compiler.firmware_needs import FLASH_BYTES
from model.compiler.ir import Binary, Conv2D, DepthwiseConv2D, FullyConnected, Op
from model.compiler.kernels import KernelCall

CODE_BYTES = 40 * 1024
"""Of ITCM's 64 KB; all plain kernels together take 24 KB there, by zig."""
_ELEMENT_COST = 12
"""Multiplications that take as long in plain C as the sum of two elements."""


def prefer_fast(
    calls: Sequence[KernelCall], arithmetic: str, weights_ram: int = 0
) -> tuple[list[KernelCall], dict[Op, str]]:
    """``calls`` with generated kernels in place of plain ones where there are some; of the operators that could have
    one and keep theirs, the reason.

    ``arithmetic`` is one of ``ARITHMETICS``; ``weights_ram``: bytes of RAM for weights. Layers that cost most choose
    first, as long as there is room for their code and for their weights: each the shortest code it can have; what is
    left over then goes to longer and faster code.
    """
    plain_bytes = {call.op: call.weight_bytes for call in calls}
    flash = FLASH_BYTES - CODE_BYTES - sum(call.weight_bytes for call in calls)
    chosen: dict[Op, Variant] = {}
    reasons: dict[Op, str] = {}
    found: dict[Op, list[Variant]] = {}
    for op in sorted(dict.fromkeys(call.op for call in calls if _cost(call.op)), key=lambda op: -_cost(op)):
        try:
            found[op] = _variants(op, arithmetic)
        except (NoFastKernelError, NoFormError, OutOfReachError) as error:
            reasons[op] = str(error)
            continue
        shortest = found[op][-1]
        new, room = _code_bytes([*chosen.values(), shortest]), CODE_BYTES - _code_bytes(chosen.values())
        if new > CODE_BYTES:
            reasons[op] = f"{new - CODE_BYTES + room:,} bytes of code, {room:,} of {CODE_BYTES:,} are left"
            continue
        wider = shortest.weight_bytes - plain_bytes[op]
        if wider > flash:
            reasons[op] = f"{wider:,} bytes of flash for 16-bit weights, {max(flash, 0):,} are left"
            continue
        flash -= wider
        chosen[op] = shortest
    _unroll(chosen, found)
    fast = _in_ram({op: variant.build() for op, variant in chosen.items()}, weights_ram)
    return [fast.get(call.op, call) for call in calls], reasons


def routines_of(calls: Iterable[KernelCall]) -> list[Routine]:
    """The functions ``calls`` need, each once, in the order of the layers."""
    found = {
        routine.name: routine for call in calls if isinstance(call, FastCall) for routine in call.routines.values()
    }
    return list(found.values())


def scratch_of(calls: Iterable[KernelCall]) -> int:
    """Bytes of scratch memory: of the layer that needs most."""
    return max((call.scratch for call in calls if isinstance(call, FastCall)), default=0)


def _cost(op: Op) -> int:
    """What a layer is ordered by, in multiplications; 0 where no kernel is generated for its kind."""
    return op.output.size * _ELEMENT_COST if isinstance(op, Binary) else op.macs


def _unroll(chosen: dict[Op, Variant], found: dict[Op, list[Variant]]) -> None:
    """Give what room is left to longer code, where it saves most cycles a byte."""
    gains = [
        ((chosen[op].loop_cycles - each.loop_cycles) / (each.code_bytes - chosen[op].code_bytes), op, each)
        for op in chosen
        for each in found[op][:-1]
    ]
    for _, op, each in sorted(gains, key=lambda gain: -gain[0]):
        if each.loop_cycles < chosen[op].loop_cycles and _code_bytes((chosen | {op: each}).values()) <= CODE_BYTES:
            chosen[op] = each


def _in_ram(calls: dict[Op, FastCall], room: int) -> dict[Op, FastCall]:
    """``calls`` with weights that are read once a run, so that flash sets the pace, in RAM as far as there is room."""
    result = dict(calls)
    for op, call in sorted(calls.items(), key=lambda item: -item[1].weight_bytes):
        if call.reads_weights_once and call.weight_bytes <= room:
            room -= call.weight_bytes
            result[op] = replace(call, constants=[replace(constant, in_ram=True) for constant in call.constants])
    return result


def _code_bytes(variants: Iterable[Variant]) -> int:
    """Of all functions of ``variants``, each counted once."""
    sizes = {routine.name: routine.size for variant in variants for routine in variant.routines.values()}
    return sum(sizes.values())


def _variants(op: Op, arithmetic: str) -> list[Variant]:
    """Fastest first, shortest last."""
    if isinstance(op, Conv2D) and op.groups == 1:
        if _is_pointwise(op):
            return pointwise(op) if op.output.hwc[0] * op.output.hwc[1] >= PIXELS else dense(op, arithmetic)
        return convolution(op)
    if isinstance(op, DepthwiseConv2D):
        return depthwise(op)
    if isinstance(op, FullyConnected):
        return dense(op, arithmetic)
    if isinstance(op, Binary):
        return addition(op)
    raise NoFastKernelError(f"{op.kind} of this kind has no other")


def _is_pointwise(op: Conv2D) -> bool:
    same = op.inputs[0].hwc[:2] == op.output.hwc[:2]
    return op.window.kernel == (1, 1) and op.window.stride == (1, 1) and same
