"""The camera path against a slow formula written from its definition, and against LiteRT's own resize."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model.errors import CrosscamError
from model.preprocessing import (
    INPUT_SCALE,
    camera_path,
    expand_rgb565,
    nearest_indices,
    pack_rgb565,
    to_float,
    to_int8,
)
from model.selftest import xor_frame


def slow_pixel(frame: np.ndarray, row: int, column: int, height: int, width: int) -> list[int]:
    """One model pixel, in plain Python integers."""
    source_row = row * frame.shape[0] // height
    source_column = column * frame.shape[1] // width
    value = int(frame[source_row, source_column])
    red, green, blue = value // 2048, (value // 32) % 64, value % 32
    return [red * 255 // 31 - 128, green * 255 // 63 - 128, blue * 255 // 31 - 128]


@pytest.mark.parametrize(("height", "width"), [(160, 160), (96, 96), (240, 320), (37, 51)])
def test_every_pixel_follows_the_formula(height: int, width: int) -> None:
    frame = np.random.default_rng(7).integers(0, 65536, (240, 320)).astype(np.uint16)
    picture = camera_path(frame, height, width)
    assert picture.shape == (height, width, 3)
    assert picture.dtype == np.int8
    expected = [[slow_pixel(frame, row, column, height, width) for column in range(width)] for row in range(height)]
    np.testing.assert_array_equal(picture, np.array(expected))


def test_every_rgb565_value_expands_to_the_full_range() -> None:
    channels = expand_rgb565(np.arange(65536, dtype=np.uint16))
    assert channels.min() == 0
    assert channels.max() == 255
    assert channels[0b11111_000000_00000].tolist() == [255, 0, 0]
    assert channels[0b00000_111111_00000].tolist() == [0, 255, 0]
    assert channels[0b00000_000000_11111].tolist() == [0, 0, 255]
    assert channels[0b10000_100000_10000].tolist() == [16 * 255 // 31, 32 * 255 // 63, 16 * 255 // 31]


def test_packing_an_expanded_value_gives_it_back() -> None:
    # Holds because c * 255 // max never falls below the 8-bit value whose high bits are c.
    values = np.arange(65536, dtype=np.uint16)
    np.testing.assert_array_equal(pack_rgb565(expand_rgb565(values)), values)


def test_int8_is_channel_minus_128() -> None:
    channels = np.arange(256, dtype=np.uint8)
    np.testing.assert_array_equal(to_int8(channels), np.arange(256) - 128)
    np.testing.assert_array_equal(to_float(to_int8(channels)) / np.float32(INPUT_SCALE), np.arange(256) - 128.0)


@pytest.mark.parametrize("frame", [np.zeros((240, 320), np.uint8), np.zeros((240, 320, 3), np.uint16)])
def test_a_frame_of_another_kind_is_refused(frame: np.ndarray) -> None:
    with pytest.raises(CrosscamError, match="expected RGB565 values as uint16"):
        camera_path(frame)


def resize_model(source: tuple[int, int], target: tuple[int, int]) -> bytes:
    """A ``.tflite`` with the single operation RESIZE_NEAREST_NEIGHBOR on int8, written with the flatbuffers schema."""
    import flatbuffers
    import tflite

    builder = flatbuffers.Builder(1024)

    def vector(start: Callable[..., Any], items: Sequence[int], add: Callable[[int], None]) -> int:
        start(builder, len(items))
        for item in reversed(items):
            add(item)
        return builder.EndVector()

    def ints(start: Callable[..., Any], values: Sequence[int]) -> int:
        return vector(start, values, builder.PrependInt32)

    def offsets(start: Callable[..., Any], values: Sequence[int]) -> int:
        return vector(start, values, builder.PrependUOffsetTRelative)

    tflite.BufferStart(builder)
    empty = tflite.BufferEnd(builder)
    data = builder.CreateByteVector(np.array(target, "<i4").tobytes())
    tflite.BufferStart(builder)
    tflite.BufferAddData(builder, data)
    filled = tflite.BufferEnd(builder)

    tensors = []
    shapes = ((1, *source, 1), (2,), (1, *target, 1))
    kinds = (tflite.TensorType.INT8, tflite.TensorType.INT32, tflite.TensorType.INT8)
    for index, (shape, kind) in enumerate(zip(shapes, kinds, strict=True)):
        name = builder.CreateString(f"t{index}")
        shape_vector = ints(tflite.TensorStartShapeVector, shape)
        tflite.TensorStart(builder)
        tflite.TensorAddName(builder, name)
        tflite.TensorAddShape(builder, shape_vector)
        tflite.TensorAddType(builder, kind)
        tflite.TensorAddBuffer(builder, 1 if index == 1 else 0)
        tensors.append(tflite.TensorEnd(builder))

    operator_inputs = ints(tflite.OperatorStartInputsVector, [0, 1])
    operator_outputs = ints(tflite.OperatorStartOutputsVector, [2])
    tflite.ResizeNearestNeighborOptionsStart(builder)
    options = tflite.ResizeNearestNeighborOptionsEnd(builder)
    tflite.OperatorStart(builder)
    tflite.OperatorAddOpcodeIndex(builder, 0)
    tflite.OperatorAddInputs(builder, operator_inputs)
    tflite.OperatorAddOutputs(builder, operator_outputs)
    tflite.OperatorAddBuiltinOptionsType(builder, tflite.BuiltinOptions.ResizeNearestNeighborOptions)
    tflite.OperatorAddBuiltinOptions(builder, options)
    operator = tflite.OperatorEnd(builder)

    tensor_vector = offsets(tflite.SubGraphStartTensorsVector, tensors)
    inputs = ints(tflite.SubGraphStartInputsVector, [0])
    outputs = ints(tflite.SubGraphStartOutputsVector, [2])
    operators = offsets(tflite.SubGraphStartOperatorsVector, [operator])
    tflite.SubGraphStart(builder)
    tflite.SubGraphAddTensors(builder, tensor_vector)
    tflite.SubGraphAddInputs(builder, inputs)
    tflite.SubGraphAddOutputs(builder, outputs)
    tflite.SubGraphAddOperators(builder, operators)
    graph = tflite.SubGraphEnd(builder)

    code = tflite.BuiltinOperator.RESIZE_NEAREST_NEIGHBOR
    tflite.OperatorCodeStart(builder)
    tflite.OperatorCodeAddDeprecatedBuiltinCode(builder, code)
    tflite.OperatorCodeAddBuiltinCode(builder, code)
    tflite.OperatorCodeAddVersion(builder, 2)
    operator_code = tflite.OperatorCodeEnd(builder)

    codes = offsets(tflite.ModelStartOperatorCodesVector, [operator_code])
    graphs = offsets(tflite.ModelStartSubgraphsVector, [graph])
    buffers = offsets(tflite.ModelStartBuffersVector, [empty, filled])
    tflite.ModelStart(builder)
    tflite.ModelAddVersion(builder, 3)
    tflite.ModelAddOperatorCodes(builder, codes)
    tflite.ModelAddSubgraphs(builder, graphs)
    tflite.ModelAddBuffers(builder, buffers)
    builder.Finish(tflite.ModelEnd(builder), b"TFL3")
    return bytes(builder.Output())


@pytest.mark.parametrize("target", [(160, 160), (96, 96), (224, 224)])
def test_nearest_indices_are_those_of_tflite(target: tuple[int, int]) -> None:
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    source = (240, 320)
    interpreter = Interpreter(
        model_content=resize_model(source, target), experimental_op_resolver_type=OpResolverType.BUILTIN_REF
    )
    interpreter.allocate_tensors()
    rows, columns = nearest_indices(source[0], target[0]), nearest_indices(source[1], target[1])
    picture = np.random.default_rng(3).integers(-128, 128, source).astype(np.int8)
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], picture[None, :, :, None])
    interpreter.invoke()
    resized = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])[0, :, :, 0]
    np.testing.assert_array_equal(picture[rows[:, None], columns[None, :]], resized)


def test_xor_pattern_follows_its_formula() -> None:
    frame = xor_frame()
    assert frame.shape == (240, 320)
    assert frame.dtype == np.uint16
    for x, y in [(0, 0), (1, 0), (0, 1), (319, 239), (123, 77), (200, 200)]:
        assert frame[y, x] == ((x * 2053 + y * 4099) ^ (x * y)) & 0xFFFF


def test_xor_pattern_stirs_every_channel_value() -> None:
    frame = xor_frame()
    assert np.unique(frame >> 11).size == 32
    assert np.unique((frame >> 5) & 63).size == 64
    assert np.unique(frame & 31).size == 32


def test_figures_and_reference_need_no_training_extra() -> None:
    code = (
        "import sys, model.preprocessing, model.selftest, model.evaluation.reference, model.card;"
        "import model.evaluation, model.run_config;"
        "sys.exit(any(name in sys.modules for name in ('tensorflow', 'keras', 'h5py', 'pycocotools')))"
    )
    root = Path(__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False, timeout=60).returncode == 0
