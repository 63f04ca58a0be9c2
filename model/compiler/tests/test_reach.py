"""What the compiler takes beyond one int8 picture in and scores out, as liberally as LiteRT; what it refuses, why."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from model.compiler import compile_model
from model.compiler.compile import Options, build
from model.compiler.ir import Table
from model.compiler.lifetimes import ALIGNMENT
from model.compiler.tests.cases_networks import KINDS
from model.compiler.tests.cases_states import KINDS as STATES
from model.compiler.tests.host import Case, compile_cases, reference, run_reference_all
from model.compiler.tests.maker import cases_of
from model.compiler.tests.tflite_builder import TfliteBuilder
from model.errors import CrosscamError

INT8 = np.random.default_rng(7)


def _noise(*shape: int) -> np.ndarray:
    return INT8.integers(-128, 128, shape).astype(np.int8)


def _exact(f: TfliteBuilder, inputs: list[int], outputs: list[int], images: list[np.ndarray], folder: Path) -> None:
    """The compiled model and LiteRT's reference agree on ``images``, one for each input."""
    blob = f.finish(inputs, outputs)
    (network,) = compile_cases([Case("m.tflite", blob, [images])], folder)
    for actual, expected in zip(network.run(images), run_reference_all(reference(blob), images), strict=True):
        assert actual.shape == expected.shape and np.array_equal(actual, expected)


def _conv(f: TfliteBuilder, x: int, y: int, channels: int, outputs: int, scales: list[float], axis: int = 0) -> None:
    w = f.tensor("w", (outputs, 1, 1, channels), scale=scales, data=_noise(outputs, 1, 1, channels))
    b = f.tensor("b", (outputs,), dtype=np.int32, scale=scales, axis=axis, data=INT8.integers(-99, 99, outputs))
    f.op("CONV_2D", [x, w, b], [y], padding=1, strideH=1, strideW=1)


def test_a_dead_channel_has_weight_scale_zero(tmp_path: Path) -> None:
    f = TfliteBuilder()
    x, y = f.tensor("x", (1, 4, 4, 2), scale=0.1), f.tensor("y", (1, 4, 4, 3), scale=1.0)
    _conv(f, x, y, 2, 3, [0.1, 0.0, 0.2])
    _exact(f, [x], [y], [_noise(1, 4, 4, 2)], tmp_path)


def test_a_bias_with_an_odd_axis_is_repaired_for_the_reference(tmp_path: Path) -> None:
    f = TfliteBuilder()
    x, y = f.tensor("x", (1, 4, 4, 2), scale=0.1), f.tensor("y", (1, 4, 4, 3), scale=1.0)
    _conv(f, x, y, 2, 3, [0.1, 0.3, 0.2], axis=3)
    _exact(f, [x], [y], [_noise(1, 4, 4, 2)], tmp_path)


def test_scales_an_ulp_apart(tmp_path: Path) -> None:
    f, scale = TfliteBuilder(), float(np.float32(0.1))
    x = f.tensor("x", (1, 4, 4, 2), scale=scale)
    p = f.tensor("p", (1, 6, 4, 2), scale=float(np.nextafter(np.float32(scale), np.float32(1))))
    q = f.tensor("q", (1, 3, 2, 2), scale=scale)
    table = np.array([(0, 0), (1, 1), (0, 0), (0, 0)], np.int32)
    f.op("PAD", [x, f.tensor("pads", (4, 2), dtype=np.int32, data=table)], [p])
    pool = {"padding": 1, "strideH": 2, "strideW": 2, "filterHeight": 2, "filterWidth": 2}
    f.op("MAX_POOL_2D", [p], [q], **pool)
    program = build(Path("m.tflite"), f.finish([x], [q]))
    assert [call.function for call in program.calls] == ["nn_pad_s8", "nn_max_pool_s8"]


def test_long_fully_connected_and_large_dimensions(tmp_path: Path) -> None:
    f = TfliteBuilder()
    x = f.tensor("x", (1, 1, 70000, 1), scale=0.1)
    flat = f.tensor("flat", (1, 70000), scale=0.1)
    f.op("RESHAPE", [x], [flat], newShape=[1, 70000])
    w = f.tensor("w", (2, 70000), scale=1e-4, data=_noise(2, 70000))
    y = f.tensor("y", (1, 2), scale=0.5)
    f.op("FULLY_CONNECTED", [flat, w], [y])
    pooled = f.tensor("pooled", (1, 1, 70, 1), scale=0.1)
    pool = {"padding": 1, "strideH": 1, "strideW": 1000, "filterHeight": 1, "filterWidth": 1000}
    f.op("AVERAGE_POOL_2D", [x], [pooled], **pool)
    moved = f.tensor("moved", (1, 1, 70000, 2), scale=0.3)
    _conv(f, x, moved, 1, 2, [0.1, 0.2])
    _exact(f, [x], [y, pooled, moved], [_noise(1, 1, 70000, 1)], tmp_path)


def test_shape_arithmetic_folds_away() -> None:
    """SHAPE, STRIDED_SLICE and PACK before a RESHAPE, as converters write them for a free batch."""
    f = TfliteBuilder()
    x = f.tensor("x", (1, 4, 3), scale=0.1, signature=(-1, 4, 3))
    size = f.tensor("size", (3,), dtype=np.int32)
    f.op("SHAPE", [x], [size])
    numbers = [f.tensor("n", (1,), dtype=np.int32, data=np.array([value])) for value in (0, 1, 1)]
    batch = f.tensor("batch", (), dtype=np.int32)
    f.op("STRIDED_SLICE", [size, *numbers], [batch], shrinkAxisMask=1)
    whole = f.tensor("whole", (2,), dtype=np.int32)
    rest = f.tensor("rest", (), dtype=np.int32, data=np.array(12, np.int32))
    f.op("PACK", [batch, rest], [whole], axis=0, valuesCount=2)
    y = f.tensor("y", (1, 1), scale=0.1, signature=(-1, -1))
    f.op("RESHAPE", [x, whole], [y])
    z = f.tensor("z", (1, 12), scale=0.1)
    f.op("ABS", [y], [z])
    program = build(Path("m.tflite"), f.finish([x], [z]))
    assert [call.function for call in program.calls] == ["nn_lut_s8"] and program.graph.output.shape == (1, 12)


def test_a_float_island_is_a_table(tmp_path: Path) -> None:
    f = TfliteBuilder()
    x = f.tensor("x", (1, 256), scale=0.05, zero_point=3)
    real, negative = (f.tensor(name, (1, 256), dtype=np.float32) for name in ("real", "negative"))
    y = f.tensor("y", (1, 256), scale=0.04, zero_point=-3)
    f.op("DEQUANTIZE", [x], [real])
    f.op("NEG", [real], [negative])
    f.op("QUANTIZE", [negative], [y])
    (op,) = build(Path("m.tflite"), f.finish([x], [y])).graph.ops
    assert isinstance(op, Table)
    _exact(f, [x], [y], [np.arange(-128, 128).astype(np.int8).reshape(1, 256)], tmp_path)


def test_edges_are_cut_for_the_core() -> None:
    f = TfliteBuilder()
    x = f.tensor("x", (1, 4), dtype=np.float32)
    a, b = f.tensor("a", (1, 4), scale=0.1), f.tensor("b", (1, 4), scale=0.1)
    y = f.tensor("y", (1, 4), dtype=np.uint8, scale=0.1, zero_point=128)
    f.op("QUANTIZE", [x], [a])
    f.op("ABS", [a], [b])
    f.op("QUANTIZE", [b], [y])
    blob = f.finish([x], [y])
    assert len(build(Path("m.tflite"), blob).calls) == 3
    core = build(Path("m.tflite"), blob, Options(core=True))
    assert [call.function for call in core.calls] == ["nn_lut_s8"]
    assert (core.graph.input.name, core.graph.output.name) == ("a", "b")


def test_joins_and_splits_of_rows_move_nothing() -> None:
    f = TfliteBuilder()
    x = f.tensor("x", (1, 4, 2, 3), scale=0.1)
    upper, lower = (f.tensor(name, (1, 2, 2, 3), scale=0.1) for name in ("upper", "lower"))
    f.op("SPLIT", [f.tensor("axis", (), dtype=np.int32, data=np.array(1, np.int32)), x], [upper, lower], numSplits=2)
    turned = [f.tensor(name, (1, 2, 2, 3), scale=0.1) for name in ("a", "b")]
    f.op("ABS", [upper], [turned[0]])
    f.op("ABS", [lower], [turned[1]])
    y = f.tensor("y", (1, 4, 2, 3), scale=0.1)
    f.op("CONCATENATION", turned[::-1], [y], axis=1)
    program = build(Path("m.tflite"), f.finish([x], [y]))
    assert [call.function for call in program.calls] == ["nn_lut_s8", "nn_lut_s8"]
    start = program.plan.offset(program.graph.output)
    assert [program.plan.offset(call.output) - start for call in program.calls] == [12, 0]


def test_plans_are_close_to_their_bound() -> None:
    """Within 5 %, or two steps of the alignment, which are more on tensors of a few bytes."""
    for kind, case in [*cases_of(KINDS, 20), *cases_of(STATES, 20)]:
        plan = build(Path(kind), case.blob).plan
        assert plan.bound_bytes <= plan.arena_bytes <= max(plan.bound_bytes * 1.05, plan.bound_bytes + 2 * ALIGNMENT)


def test_a_model_without_a_card(tmp_path: Path) -> None:
    f = TfliteBuilder()
    x = f.tensor("x", (1, 8, 8, 3), scale=1 / 128)
    y = f.tensor("y", (1, 8, 8, 2), scale=0.5)
    _conv(f, x, y, 3, 2, [0.1, 0.1])
    scores = f.tensor("scores", (1, 2), scale=0.5)
    f.op("MEAN", [y, f.tensor("axes", (2,), dtype=np.int32, data=np.array([1, 2]))], [scores])
    (tmp_path / "mine.tflite").write_bytes(f.finish([x], [scores]))
    report = compile_model(tmp_path / "mine.tflite", tmp_path / "out")
    text = (tmp_path / "out" / "model.c").read_text()
    assert report.model_id == "mine" and '"score_0", "score_1"' in text


@pytest.mark.parametrize(
    ("dtype", "scale", "reason"),
    [
        (np.int16, 0.1, "int16"),
        (np.int8, None, "has no scale"),
        (np.uint8, 0.1, "uint8"),
        (np.float32, None, "float32"),
    ],
    ids=["int16", "no scale", "uint8", "float32"],
)
def test_the_true_reason_is_named(dtype: type, scale: float | None, reason: str) -> None:
    f = TfliteBuilder()
    x = f.tensor("x", (1, 4), scale=0.1)
    y = f.tensor("y", (1, 4), dtype=dtype, scale=scale)
    f.op("RELU", [x], [y])
    with pytest.raises(CrosscamError, match=reason) as caught:
        build(Path("m.tflite"), f.finish([x], [y]))
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 300


def test_as_strict_as_litert() -> None:
    f = TfliteBuilder()
    x, y = f.tensor("x", (1, 4, 4, 2), scale=0.1), f.tensor("y", (1, 4, 4, 3), scale=1.0)
    w = f.tensor("w", (3, 1, 1, 2), scale=0.1, data=_noise(3, 1, 1, 2))
    f.op("CONV_2D", [x, w], [y], padding=1, strideH=1, strideW=1)
    with pytest.raises(CrosscamError, match="lacks its bias"):
        build(Path("m.tflite"), f.finish([x], [y]))
    f = TfliteBuilder()
    x, y = f.tensor("x", (1, 4, 4, 2), scale=0.1), f.tensor("y", (1, 2), scale=0.1)
    f.op("MEAN", [x, f.tensor("axes", (2,), dtype=np.int32, data=np.array([1, 7]))], [y])
    with pytest.raises(CrosscamError, match="works on axis 7"):
        build(Path("m.tflite"), f.finish([x], [y]))


def test_a_computed_divisor_of_zero_ends_at_the_range(tmp_path: Path) -> None:
    """LiteRT stops there; the board goes on with the largest value of the quotient's sign."""
    f = TfliteBuilder()
    x, b, y = (
        f.tensor("x", (1, 3), scale=0.1),
        f.tensor("b", (1, 3), scale=0.1, zero_point=5),
        f.tensor("y", (1, 3), scale=1),
    )
    f.op("DIV", [x, b], [y])
    images = [np.array([[-7, 0, 7]], np.int8), np.full((1, 3), 5, np.int8)]
    (network,) = compile_cases([Case("zero", f.finish([x, b], [y]), [images])], tmp_path)
    assert network.run(images)[0].tolist() == [[-128, 127, 127]]
