"""Graph passes: what they fold, and what they leave."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from model.compiler.compile import build
from model.compiler.ir import Conv2D, Pad
from model.compiler.tests.tflite_builder import TfliteBuilder


def _conv(build_file: TfliteBuilder, source: int, output: int, kernel: int, channels: int = 2) -> None:
    weights = np.ones((channels, kernel, kernel, channels), np.int8)
    w = build_file.tensor(f"w{output}", weights.shape, scale=0.1, data=weights)
    b = build_file.tensor(f"b{output}", (channels,), dtype=np.int32, scale=0.01, data=np.zeros(channels, np.int32))
    build_file.op("CONV_2D", [source, w, b], [output], padding=1, strideH=1, strideW=1)


def _pad(build_file: TfliteBuilder, source: int, output: int, pads: list[tuple[int, int]]) -> None:
    table = np.array([(0, 0), *pads, (0, 0)], np.int32)
    build_file.op("PAD", [source, build_file.tensor("pads", (4, 2), dtype=np.int32, data=table)], [output])


def test_pads_in_a_row_fold_into_the_convolution() -> None:
    f = TfliteBuilder()
    x = f.tensor("x", (1, 4, 4, 2), scale=0.1, zero_point=5)
    p = f.tensor("p", (1, 5, 6, 2), scale=0.1, zero_point=5)
    q = f.tensor("q", (1, 6, 6, 2), scale=0.1, zero_point=5)
    y = f.tensor("scope/conv/convolution", (1, 4, 4, 2), scale=0.1)
    _pad(f, x, p, [(1, 0), (1, 1)])
    _pad(f, p, q, [(0, 1), (0, 0)])
    _conv(f, q, y, 3)
    program = build(Path("m.tflite"), f.finish([x], [y]))
    assert [call.function for call in program.calls] == ["nn_conv2d_s8"]
    op = program.calls[0].op
    assert isinstance(op, Conv2D) and op.window.pad == (1, 1) and op.inputs == [program.graph.input]
    assert op.name == "conv"


def test_pad_with_another_reader_stays_for_that_reader() -> None:
    f = TfliteBuilder()
    x = f.tensor("x", (1, 4, 4, 2), scale=0.1)
    p = f.tensor("p", (1, 6, 6, 2), scale=0.1)
    z = f.tensor("z", (1, 6, 6, 2), scale=0.1)
    y = f.tensor("y", (1, 6, 6, 2), scale=0.1)
    _pad(f, x, p, [(1, 1), (1, 1)])
    _conv(f, p, z, 1)
    f.op("ADD", [z, p], [y])
    program = build(Path("m.tflite"), f.finish([x], [y]))
    assert [call.function for call in program.calls] == ["nn_pad_s8", "nn_conv2d_s8", "nn_add_s8"]
    pad, conv = program.graph.ops[:2]
    assert isinstance(pad, Pad) and isinstance(conv, Conv2D)
    assert conv.inputs[0] is program.graph.input and conv.window.pad == (1, 1)


def test_copies_and_unused_operators_go() -> None:
    f = TfliteBuilder()
    x = f.tensor("x", (1, 4, 4, 2), scale=0.1)
    p = f.tensor("p", (1, 4, 4, 2), scale=0.1)
    q = f.tensor("q", (1, 4, 4, 2), scale=0.1)
    unused = f.tensor("unused", (1, 4, 4, 2), scale=0.1)
    y = f.tensor("y", (1, 4, 4, 2), scale=0.1)
    flat = f.tensor("flat", (1, 32), scale=0.1)
    _pad(f, x, p, [(0, 0), (0, 0)])
    pool = {"padding": 1, "strideH": 1, "strideW": 1, "filterHeight": 1, "filterWidth": 1}
    f.op("AVERAGE_POOL_2D", [p], [q], **pool)
    _conv(f, q, unused, 1)
    _conv(f, q, y, 1)
    f.op("RESHAPE", [y], [flat], newShape=[1, 32])
    program = build(Path("m.tflite"), f.finish([x], [flat]))
    assert [op.output.name for op in program.graph.ops] == ["y"]
    assert program.graph.output.root is program.graph.ops[0].output
    assert program.plan.offset(program.graph.output) == program.plan.offset(program.graph.ops[0].output)


def test_input_offset_is_in_the_bias() -> None:
    f = TfliteBuilder()
    x = f.tensor("x", (1, 1, 1, 2), scale=0.1, zero_point=7)
    y = f.tensor("y", (1, 1, 1, 2), scale=0.1)
    _conv(f, x, y, 1)
    call = build(Path("m.tflite"), f.finish([x], [y])).calls[0]
    channels = next(constant for constant in call.constants if constant.suffix == "channels")
    assert channels.rows[0].startswith("{-14, ")  # 0 - 7 * (1 + 1)
