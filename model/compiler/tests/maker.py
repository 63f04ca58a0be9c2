"""Draws one-operator models and small networks for the tests: scales, zero points, weights and inputs, by seed."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from model.compiler.tests.host import Case
from model.compiler.tests.tflite_builder import TfliteBuilder

SAME, VALID = 0, 1
IMAGES = 2


class Maker:
    """Draws one case; ``self.rng`` is all its randomness.

    In three of ten cases all scales are powers of two (``self.exact``): then sums land on rounding ties all the time.
    """

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.build = TfliteBuilder()
        self.exact = self.flip(0.3)

    def number(self, low: int, high: int) -> int:
        """An integer in low..high."""
        return int(self.rng.integers(low, high + 1))

    def flip(self, chance: float = 0.5) -> bool:
        return bool(self.rng.random() < chance)

    def scale(self) -> float:
        """A positive float32."""
        if self.exact:
            return float(2.0 ** self.number(-8, -3))
        return float(np.float32(math.exp(self.rng.uniform(math.log(1e-3), math.log(0.2)))))

    def zero_point(self) -> int:
        return int(self.rng.choice([-128, 127, 0, self.number(-128, 127), self.number(-128, 127)]))

    def image(self, shape: tuple[int, ...]) -> np.ndarray:
        """Full-range noise, sometimes only extremes."""
        if self.flip(0.25):
            return self.rng.choice(np.array([-128, 127], np.int8), size=shape)
        return self.rng.integers(-128, 128, size=shape).astype(np.int8)

    def activation(self) -> int:
        """NONE, RELU, RELU_N1_TO_1 or RELU6 (schema numbers 0, 1, 2, 3)."""
        return int(self.rng.choice([0, 0, 1, 3, 3, 2]))

    def weights(self, shape: tuple[int, ...], per_channel: int, axis: int) -> tuple[int, np.ndarray]:
        """A filter tensor: its index and its scales, ``per_channel`` of them or one."""
        values = self.rng.integers(-127, 128, size=shape).astype(np.int8)
        if self.flip(0.1):
            values[...] = 127
        count = per_channel if self.flip(0.8) else 1
        powers = self.rng.integers(-4, 5, size=count) if self.exact else self.rng.uniform(-4, 4, size=count)
        scales = np.float32(self.scale()) * np.exp2(powers).astype(np.float32)
        return self.build.tensor("w", shape, scale=scales, axis=axis, data=values), scales

    def scale_of(self, tensor: int) -> float:
        """The first scale of a tensor made before."""
        return float(self.build.tensors[tensor].quantization.scale[0])

    def values(self, tensor: int) -> np.ndarray:
        """The values of a constant tensor made before."""
        stored = self.build.tensors[tensor]
        return np.frombuffer(self.build.buffers[stored.buffer].data.tobytes(), self.build.dtype(tensor))

    def power(self, scale: float) -> float:
        """``scale`` as float32, or the power of two next to it where all scales are."""
        return float(2.0 ** round(math.log2(scale))) if self.exact else float(np.float32(scale))

    def symmetric(self, shape: tuple[int, ...], name: str = "w") -> tuple[int, float]:
        """int8 weights of one scale: their index and that scale."""
        values, scale = self.rng.integers(-127, 128, size=shape).astype(np.int8), self.scale()
        return self.build.tensor(name, shape, scale=scale, data=values), scale

    def bias(self, channels: int, terms: int, scale: np.ndarray | float = 1.0) -> int:
        """A bias tensor; now and then one close to the ends of int32, as dead channels have."""
        spread = 4000 * math.sqrt(terms)
        values = self.rng.normal(0, spread, size=channels).astype(np.int32)
        if self.flip(0.1):
            values[self.number(0, channels - 1)] = int(self.rng.choice([2**31 - 2**25, -(2**31) + 2**25]))
        return self.build.tensor("b", (channels,), dtype=np.int32, scale=scale, data=values)

    def output_scale(self, input_scale: float, scales: np.ndarray, terms: int) -> float:
        """A scale that spreads typical sums over int8, or one far off that saturates or rounds to almost nothing."""
        if not self.exact and self.flip(0.2):
            return float(np.float32(np.exp(self.rng.uniform(math.log(1e-5), math.log(50.0)))))
        typical = input_scale * float(np.median(scales)) * 74 * 74 * math.sqrt(terms)
        scale = float(np.float32(typical / self.rng.uniform(20, 80)))
        return float(2.0 ** round(math.log2(scale))) if self.exact else scale

    def finish(self, title: str, shape: tuple[int, ...], source: int, output: int) -> Case:
        images = [self.image(shape) for _ in range(IMAGES)]
        return Case(title, self.build.finish([source], [output]), images)

    def shape(self, rank: int | None = None, high: int = 6) -> tuple[int, ...]:
        """A shape of ``rank`` (1 to 4 when not given) with batch 1 but for rank 1, and for one case in six."""
        count = rank if rank is not None else self.number(1, 4)
        sizes = [self.number(1, high) for _ in range(count)]
        if count > 1 and self.flip(0.85):
            sizes[0] = 1
        return tuple(sizes)

    def activation_tensor(self, shape: tuple[int, ...], name: str = "x") -> int:
        """An int8 tensor of a random scale and zero point."""
        return self.build.tensor(name, shape, scale=self.scale(), zero_point=self.zero_point())

    def same(self, source: int, shape: Sequence[int], name: str = "y") -> int:
        """A tensor of another shape with the type, scale and zero point of ``source``."""
        tensor = self.build.tensors[source]
        dtype = self.build.dtype(source)
        if tensor.quantization is None:
            return self.build.tensor(name, tuple(shape), dtype=dtype)
        scale, zero = tensor.quantization.scale, int(tensor.quantization.zeroPoint[0])
        return self.build.tensor(name, tuple(shape), dtype=dtype, scale=scale, zero_point=zero)

    def integers(self, values: Sequence[int] | Sequence[tuple[int, int]] | np.ndarray, name: str = "n") -> int:
        """A constant int32 tensor."""
        data = np.asarray(values, np.int32)
        return self.build.tensor(name, data.shape, dtype=np.int32, data=data)

    def several(self, title: str, shapes: Sequence[tuple[int, ...]], sources: list[int], outputs: list[int]) -> Case:
        """A case with several inputs or outputs."""
        images = [[self.image(shape) for shape in shapes] for _ in range(IMAGES)]
        return Case(title, self.build.finish(sources, outputs), images)


Kinds = dict[str, Callable[[Maker], Case]]


def cases_of(kinds: Kinds, count: int, seed: int = 1) -> list[tuple[str, Case]]:
    """(kind, case): ``count`` of every kind, deterministic for a seed."""
    cases = []
    for number, (kind, make) in enumerate(kinds.items()):
        cases += [(kind, make(Maker(seed * 10_000_000 + number * 100_000 + index))) for index in range(count)]
    return cases


def with_images(case: Case, *images: np.ndarray) -> Case:
    """The same model on other inputs."""
    return replace(case, images=list(images))
