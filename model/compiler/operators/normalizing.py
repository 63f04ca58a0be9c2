# mypy: disable-error-code="import-untyped"
"""Operators that scale a row of values by the row itself: SOFTMAX, LOG_SOFTMAX, L2_NORMALIZATION."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from model.compiler import ir
from model.compiler.ir import Op, Tensor
from model.compiler.raw import RawOp


def _softmax(raw: RawOp) -> Sequence[Op]:
    options = raw.options("SoftmaxOptions")
    source = raw.activation_input()
    output = raw.output if raw.output.dtype == "int16" else raw.activation_output()
    steps = 1 << 8 * output.item
    if len(output.scales) != 1 or abs(output.scale * steps - 1) > 1e-3 or output.zero_point != -steps // 2:
        raw.fail(
            f"has output scales {output.scales.tolist()} and zero point {output.zero_point}, expected 1/{steps} and "
            f"{-steps // 2}"
        )
    raw.shape(source.shape)
    beta = 1.0 if options is None else float(options.Beta())
    _check_exponentials(raw, source, beta)
    return [ir.Softmax(raw.kind, [source], output, beta=beta)]


def _check_exponentials(raw: RawOp, source: Tensor, beta: float) -> None:
    """The sum of exponentials is Q12.19; the scaled multiplier has to exceed one (PreprocessSoftmaxScaling)."""
    if source.hwc[2] > 4095 or not beta * source.scale * (1 << 26) > 1.0:
        raw.fail(f"has {source.hwc[2]} classes and beta*scale {beta * source.scale}, expected < 4096 and > 2**-26")


def _log_softmax(raw: RawOp) -> Sequence[Op]:
    source, output = raw.activation_input(), raw.activation_output()
    if output.scale != 1 / 16 or output.zero_point != 127:
        raw.fail(f"has output scale {output.scale} and zero point {output.zero_point}, expected 1/16 and 127")
    raw.shape(source.shape)
    _check_exponentials(raw, source, 1.0)
    return [ir.LogSoftmax(raw.kind, [source], output)]


def _l2_normalization(raw: RawOp) -> Sequence[Op]:
    options = raw.options("L2NormOptions")
    source, output = raw.activation_input(), raw.activation_output()
    if output.scale != 1 / 128 or output.zero_point != 0:
        raw.fail(f"has output scale {output.scale} and zero point {output.zero_point}, expected 1/128 and 0")
    if options is not None and options.FusedActivationFunction() != 0:
        raw.fail("has a fused activation, expected none")
    if source.hwc[2] > 1 << 15:
        raw.fail(f"normalizes rows of {source.hwc[2]} values, expected at most {1 << 15}")
    raw.shape(source.shape)
    return [ir.L2Normalize(raw.kind, [source], output)]


BUILDERS: dict[str, Callable[[RawOp], Sequence[Op]]] = {
    "L2_NORMALIZATION": _l2_normalization,
    "LOG_SOFTMAX": _log_softmax,
    "SOFTMAX": _softmax,
}
