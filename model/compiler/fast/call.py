"""A layer on the fast path: a driver in C, and the generated functions it calls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

from model.compiler.fast.assembly import Routine
from model.compiler.ir import Tensor
from model.compiler.kernels.base import Constant, KernelCall

SCRATCH_BYTES = 40 * 1024
"""What one layer may use of scratch memory where nothing else is said, in DTCM."""
SCRATCH_SLACK = 64
"""Bytes behind it that a tile reads, and does not use, when it loads ahead."""


@dataclass(frozen=True)
class FastCall(KernelCall):
    """``routines`` by the parameter that names them; ``scratch`` bytes of DTCM while the layer runs;
    ``reads_weights_once``: every weight serves one product a run, or few; ``reads_beyond``: bytes behind its input that
    are read, and not used, when the input's channels are read by fours."""

    routines: dict[str, Routine] = field(default_factory=dict)
    scratch: int = 0
    reads_weights_once: bool = False
    reads_beyond: int = 0


@dataclass(frozen=True)
class Variant:
    """One way to do a layer: the functions of ``FastCall.routines`` it needs, bytes of its constants, the call for so
    many bytes of scratch memory, which raises NoFastKernelError where it cannot do with them, and
    about how many cycles inner loops take beside products, by which ways of one layer are compared."""

    routines: dict[str, Routine]
    weight_bytes: int
    build: Callable[[int], FastCall]
    loop_cycles: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "build", cache(self.build))

    @property
    def code_bytes(self) -> int:
        """Of its functions."""
        return sum(routine.size for routine in self.routines.values())


class NoFastKernelError(ValueError):
    """A layer that stays with the plain kernels; the text says why."""


def computed_channels(output: Tensor) -> int:
    """How many of its channels something reads."""
    return output.hwc[2] - output.idle


def word_constant(words: list[int], layout: str, suffix: str = "constants") -> Constant:
    """A constant uint32_t array, 8 values a line."""
    texts = [f"0x{word & 0xFFFFFFFF:X}" for word in words]
    rows = [", ".join(texts[start : start + 8]) for start in range(0, len(texts), 8)]
    return Constant(suffix, "uint32_t", rows, len(words), 4 * len(words), layout)
