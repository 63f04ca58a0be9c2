"""Sums of two tensors in two multiplications: the same for all 65,536 pairs of inputs."""

from __future__ import annotations

import numpy as np
import pytest

from model.compiler.fast.addition import LinearSum, linear_sum, reference_sums
from model.compiler.fast.requantize import NoFormError
from model.compiler.ir import Binary, Tensor
from model.compiler.quantize import INT8, multiply_by_quantized_multiplier, quantize_multiplier


def operator(kind: str, scales: tuple[float, float, float], zeros: tuple[int, int, int]) -> Binary:
    left, right, output = (
        Tensor(name, (1, 4), "int8", np.array([scale], np.float32), zero)
        for name, scale, zero in zip("aby", scales, zeros, strict=True)
    )
    return Binary(kind, [left, right], output)


def reference(op: Binary, left: int, right: int) -> int:
    """As the reference computes one element (nn_add_s8.c, nn_sub_s8.c)."""
    twice = 2.0 * max(tensor.scale for tensor in op.inputs)
    scaled = [
        multiply_by_quantized_multiplier((value - tensor.zero_point) << 20, *quantize_multiplier(tensor.scale / twice))
        for value, tensor in zip((left, right), op.inputs, strict=True)
    ]
    total = scaled[0] + scaled[1] if op.kind == "ADD" else scaled[0] - scaled[1]
    value = multiply_by_quantized_multiplier(total, *quantize_multiplier(twice / ((1 << 20) * op.output.scale)))
    return min(max(value + op.output.zero_point, INT8[0]), INT8[1])


def of_form(form: LinearSum) -> np.ndarray:
    values = np.arange(INT8[0], INT8[1] + 1)
    sums = values[:, None] * form.left + values[None, :] * form.right + form.addend
    assert np.abs(sums).max() < 1 << 31
    outputs: np.ndarray = np.clip(sums >> form.shift, *INT8)
    return outputs


@pytest.mark.parametrize("seed", range(12))
def test_a_form_agrees_everywhere(seed: int) -> None:
    generator = np.random.default_rng(seed)
    scales = tuple(float(scale) for scale in np.exp(generator.uniform(-5, -3, 3)))
    zeros = tuple(int(zero) for zero in generator.choice([-128, -5, 0, 17, 127], 3))
    op = operator("ADD" if seed % 3 else "SUB", scales, zeros)  # type: ignore[arg-type]
    expected = reference_sums(op)
    pairs = generator.integers(INT8[0], INT8[1] + 1, (400, 2)).tolist()
    assert [expected[left + 128, right + 128] for left, right in pairs] == [reference(op, *pair) for pair in pairs]
    assert (of_form(linear_sum(expected, op)) == expected).all()


def test_ties_of_both_signs_go_away_from_zero() -> None:
    op = operator("ADD", (0.25, 0.25, 0.5), (0, 0, 0))
    outputs = of_form(linear_sum(reference_sums(op), op))
    assert [outputs[128 + value, 128] for value in (-3, -1, 1, 3)] == [-2, -1, 1, 2]


def test_what_has_no_form_says_why() -> None:
    op = operator("ADD", (0.25, 0.25, 0.5), (0, 0, 0))
    with pytest.raises(NoFormError, match="no linear form"):
        linear_sum(np.flip(reference_sums(op)), op)
    op.clamp = (0, 127)
    with pytest.raises(NoFormError, match=r"clamped to 0\.\.127"):
        linear_sum(reference_sums(op), op)
