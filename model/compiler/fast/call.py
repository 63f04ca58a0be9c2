"""A layer on the fast path: a driver in C, and the generated functions it calls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from model.compiler.fast.assembly import Routine
from model.compiler.ir import Tensor
from model.compiler.kernels.base import Constant, KernelCall

SCRATCH_BYTES = 40 * 1024
"""What one layer may widen at a time, in DTCM."""
SCRATCH_SLACK = 64
"""Bytes behind it that a tile reads, and does not use, when it loads ahead."""


@dataclass(frozen=True)
class FastCall(KernelCall):
    """``routines`` by the parameter that names them; ``scratch`` bytes of DTCM while the layer runs;
    ``reads_weights_once``: every weight serves one product a run, or few."""

    routines: dict[str, Routine] = field(default_factory=dict)
    scratch: int = 0
    reads_weights_once: bool = False


@dataclass(frozen=True)
class Variant:
    """One way to do a layer: the functions of ``FastCall.routines`` it needs, bytes of its constants, the call, and
    about how many cycles inner loops take beside products, by which ways of one layer are compared."""

    routines: dict[str, Routine]
    weight_bytes: int
    build: Callable[[], FastCall]
    loop_cycles: int = 0

    @property
    def code_bytes(self) -> int:
        """Of its functions."""
        return sum(routine.size for routine in self.routines.values())


class NoFastKernelError(ValueError):
    """A layer that stays with the plain kernels; the text says why."""


def computed_channels(output: Tensor) -> int:
    """How many of its channels something reads."""
    return output.hwc[2] - output.idle


def word_constant(words: list[int], layout: str) -> Constant:
    """A constant uint32_t array, 8 values a line."""
    texts = [f"0x{word & 0xFFFFFFFF:X}" for word in words]
    rows = [", ".join(texts[start : start + 8]) for start in range(0, len(texts), 8)]
    return Constant("constants", "uint32_t", rows, len(words), 4 * len(words), layout)
