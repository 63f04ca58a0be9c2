"""Which layers take a generated kernel, and why the others do not."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from model.compiler.fast.addition import addition
from model.compiler.fast.assembly import OutOfReachError, Routine
from model.compiler.fast.call import SCRATCH_BYTES, FastCall, NoFastKernelError, Variant
from model.compiler.fast.convolution import convolution
from model.compiler.fast.dense import dense
from model.compiler.fast.depthwise import depthwise
from model.compiler.fast.pointwise import pointwise
from model.compiler.fast.requantize import NoFormError
from model.compiler.fast.separable import separable
from model.compiler.fast.tile import PIXELS
from model.compiler.firmware_needs import FLASH_BYTES
from model.compiler.ir import Binary, Conv2D, DepthwiseConv2D, FullyConnected, Op, Tensor
from model.compiler.kernels import KernelCall

_Unit = tuple[Op, ...]
"""What one kernel computes: an operator, or a depthwise convolution and the 1x1 convolution behind it."""

CODE_BYTES = 44 * 1024
"""Of ITCM's 64 KB; a network's plain kernels and the drivers take up to 3 KB each there, by zig."""
_FLASH = "bytes of flash for 16-bit weights"
_ELEMENT_COST = 12
"""Multiplications that take as long in plain C as the sum of two elements."""


@dataclass(frozen=True)
class Selection:
    """Which way each unit is done; of the operators that could have a generated kernel and keep theirs, the reason."""

    plain: Sequence[KernelCall]
    variants: dict[_Unit, Variant]
    reasons: dict[Op, str]

    def calls(self, scratch: Mapping[Op, int] = MappingProxyType({})) -> list[KernelCall]:
        """The layers; ``scratch``: bytes of scratch memory where it is not ``SCRATCH_BYTES``.

        Raises NoFastKernelError where a layer cannot do with so little.
        """
        fast = {
            unit[-1]: variant.build(scratch.get(unit[-1], SCRATCH_BYTES)) for unit, variant in self.variants.items()
        }
        within = {op for call in fast.values() for op in call.within}
        return [fast.get(call.op, call) for call in self.plain if call.op not in within]

    def pairs(self) -> list[DepthwiseConv2D]:
        """The first operators of units of two."""
        return [unit[0] for unit in self.variants if len(unit) == 2 and isinstance(unit[0], DepthwiseConv2D)]


class Selector:
    """Chooses among generated kernels for ``calls``, the plain ones, of a network with these ``outputs``.

    ``arithmetic`` is one of ``ARITHMETICS``; ``code`` and ``flash``: bytes for generated kernels, and for them and all
    constants; ``pairs``: whether two layers may be one.
    """

    def __init__(
        self,
        calls: Sequence[KernelCall],
        outputs: Sequence[Tensor],
        arithmetic: str,
        *,
        code: int | None = None,
        flash: int | None = None,
        pairs: bool = True,
    ) -> None:
        self._calls, self._arithmetic, self._pairs = calls, arithmetic, pairs
        self._code = CODE_BYTES if code is None else code
        self._flash = FLASH_BYTES if flash is None else flash
        self._outputs = {output.root for output in outputs}
        self._plain_bytes = {call.op: call.weight_bytes for call in calls}
        self._found: dict[_Unit, list[Variant] | str] = {}

    def select(self, apart: Collection[Op] = ()) -> Selection:
        """Layers that cost most choose first, as long as there is room for their code and for their weights: each the
        shortest code it can have; what is left over then goes to longer and faster code.

        Where flash is too small for that, those that gain most a byte of wider weights choose first, if more of the
        network gets a generated kernel that way.

        ``apart``: depthwise convolutions that are not to be one with the 1x1 convolution behind them.
        """
        by_cost = self._select(apart, _cost)
        if not any(_FLASH in reason for reason in by_cost.reasons.values()):
            return by_cost
        by_byte = self._select(apart, lambda unit: _cost(unit) / max(self._wider(unit), 1))
        return max(by_cost, by_byte, key=lambda selection: sum(_cost(unit) for unit in selection.variants))

    def _select(self, apart: Collection[Op], worth: Callable[[_Unit], float]) -> Selection:
        flash = self._flash - self._code - sum(call.weight_bytes for call in self._calls)
        chosen: dict[_Unit, Variant] = {}
        reasons: dict[Op, str] = {}
        units = sorted(
            _units(self._calls, self._outputs, apart if self._pairs else None), key=lambda unit: -worth(unit)
        )
        while units:
            unit = units.pop(0)
            try:
                shortest = self._variants(unit)[-1]
                wider = self._wider(unit)
                before = _code_bytes(chosen.values())
                self._check_room(_code_bytes([*chosen.values(), shortest]), before, wider, flash)
            except NoFastKernelError as error:
                if len(unit) > 1:
                    units = sorted([*units, *((op,) for op in unit)], key=worth, reverse=True)
                else:
                    reasons[unit[-1]] = str(error)
                continue
            flash -= wider
            chosen[unit] = shortest
        self._unroll(chosen)
        return Selection(self._calls, chosen, reasons)

    def _wider(self, unit: _Unit) -> int:
        """Bytes the weights of the shortest kernel take more than those of the plain ones; 0 where there is none."""
        try:
            return self._variants(unit)[-1].weight_bytes - sum(self._plain_bytes[op] for op in unit)
        except NoFastKernelError:
            return 0

    def _variants(self, unit: _Unit) -> list[Variant]:
        if unit not in self._found:
            try:
                self._found[unit] = _variants(unit, self._arithmetic)
            except (NoFastKernelError, NoFormError, OutOfReachError) as error:
                self._found[unit] = str(error)
        found = self._found[unit]
        if isinstance(found, str):
            raise NoFastKernelError(found)
        return found

    def _check_room(self, code: int, before: int, wider: int, flash: int) -> None:
        """Raise NoFastKernelError where ``code`` bytes (``before`` without it) or wider weights are too many."""
        if code > self._code:
            left = f"{self._code - before:,} of {self._code:,}"
            raise NoFastKernelError(f"{code - before:,} bytes of code, {left} are left")
        if wider > flash:
            raise NoFastKernelError(f"{wider:,} {_FLASH}, {max(flash, 0):,} are left")

    def _unroll(self, chosen: dict[_Unit, Variant]) -> None:
        """Give what room is left to longer code, where it saves most cycles a byte."""
        gains = [
            ((chosen[unit].loop_cycles - each.loop_cycles) / (each.code_bytes - chosen[unit].code_bytes), unit, each)
            for unit in chosen
            for each in self._variants(unit)[:-1]
        ]
        for _, unit, each in sorted(gains, key=lambda gain: -gain[0]):
            fits = _code_bytes((chosen | {unit: each}).values()) <= self._code
            if fits and each.loop_cycles < chosen[unit].loop_cycles:
                chosen[unit] = each


def with_weights_in_ram(calls: Sequence[KernelCall], room: int) -> list[KernelCall]:
    """``calls`` with weights that are read once a run, so that flash sets the pace, in RAM as far as there is room."""
    result = list(calls)
    for at, call in sorted(enumerate(calls), key=lambda item: -item[1].weight_bytes):
        if isinstance(call, FastCall) and call.reads_weights_once and call.weight_bytes <= room:
            room -= call.weight_bytes
            result[at] = replace(call, constants=[replace(constant, in_ram=True) for constant in call.constants])
    return result


def routines_of(calls: Iterable[KernelCall]) -> list[Routine]:
    """The functions ``calls`` need, each once, in the order of the layers."""
    found = {
        routine.name: routine for call in calls if isinstance(call, FastCall) for routine in call.routines.values()
    }
    return list(found.values())


def scratch_of(calls: Iterable[KernelCall]) -> int:
    """Bytes of scratch memory: of the layer that needs most."""
    return max((call.scratch for call in calls if isinstance(call, FastCall)), default=0)


def _units(calls: Sequence[KernelCall], outputs: set[Tensor], apart: Collection[Op] | None) -> list[_Unit]:
    """Operators, or two that one kernel may do."""
    ops = list(dict.fromkeys(call.op for call in calls if _cost((call.op,))))
    units: list[_Unit] = []
    taken: set[Op] = set()
    for op in ops:
        behind = _pointwise_behind(op, calls)
        if behind is not None and op.output not in outputs and apart is not None and op not in apart:
            units.append((op, behind))
            taken |= {op, behind}
    return [*units, *((op,) for op in ops if op not in taken)]


def _pointwise_behind(op: Op, calls: Sequence[KernelCall]) -> Conv2D | None:
    """The 1x1 convolution that alone reads what a depthwise one computes."""
    if not isinstance(op, DepthwiseConv2D) or op.output.alias is not None:
        return None
    readers = {call.op for call in calls if any(source.root is op.output for source in call.inputs)}
    reader = next(iter(readers), None)
    if len(readers) != 1 or not isinstance(reader, Conv2D) or not _is_pointwise(reader) or reader.groups != 1:
        return None
    written = [call for call in calls if call.output.root is op.output]
    return reader if len(written) == 1 and reader.inputs[0] is op.output else None


def _cost(unit: _Unit) -> int:
    """What layers are ordered by, in multiplications; 0 where no kernel is generated for their kind."""
    return sum(op.output.size * _ELEMENT_COST if isinstance(op, Binary) else op.macs for op in unit)


def _code_bytes(variants: Iterable[Variant]) -> int:
    """Of all functions of ``variants``, each counted once."""
    sizes = {routine.name: routine.size for variant in variants for routine in variant.routines.values()}
    return sum(sizes.values())


def _variants(unit: _Unit, arithmetic: str) -> list[Variant]:
    """Fastest first, shortest last."""
    op = unit[-1]
    if len(unit) == 2 and isinstance(unit[0], DepthwiseConv2D) and isinstance(op, Conv2D):
        return separable(unit[0], op)
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
