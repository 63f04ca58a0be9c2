"""ONNX graphs as TensorFlow functions: the same values as ONNX's own reference gives."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("onnx", reason="the extra [onnx] is not installed")
pytest.importorskip("tensorflow", reason="the extra [train] is not installed")

import onnx
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from model.conversion.onnx_graph import Network
from model.errors import CrosscamError
from model.inspection.onnx_file import inspect_onnx

FLOAT = onnx.TensorProto.FLOAT


class Builder:
    """Collects nodes one behind the other, and constants."""

    def __init__(self, seed: int = 3) -> None:
        self.random = np.random.default_rng(seed)
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.last = "x"

    def constant(self, value: Any) -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def number(self, value: float) -> Any:
        return numpy_helper.from_array(np.array([value], np.float32))

    def weights(self, *shape: int) -> str:
        return self.constant(self.random.normal(0, 0.4, shape).astype(np.float32))

    def add(self, kind: str, *others: str, source: str | None = None, **attributes: Any) -> str:
        name = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, [source or self.last, *others], [name], **attributes))
        self.last = name
        return name

    def model(self, shape: tuple[int, ...], outputs: list[str] | None = None) -> Any:
        ends = [helper.make_tensor_value_info(name, FLOAT, None) for name in outputs or [self.last]]
        source = helper.make_tensor_value_info("x", FLOAT, ["N", *shape[1:]])
        graph = helper.make_graph(self.nodes, "g", [source], ends, self.constants)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=9)


def convolutions(b: Builder) -> None:
    b.add("Conv", b.weights(8, 3, 3, 3), b.weights(8), strides=[2, 2], pads=[1, 1, 1, 1])
    b.add("BatchNormalization", b.weights(8), b.weights(8), b.weights(8), b.constant(np.full(8, 0.7, np.float32)))
    b.add("Clip", b.constant(np.float32(0)), b.constant(np.float32(6)))
    b.add("Conv", b.weights(8, 1, 3, 3), group=8, pads=[1, 1, 1, 1])
    side = b.add("LeakyRelu", alpha=0.2)
    b.add("Conv", b.weights(8, 8, 1, 1))
    b.add("Add", side)
    b.add("Conv", b.weights(16, 8, 3, 3), pads=[0, 0, 1, 1], strides=[2, 2])
    b.add("Relu")
    b.add("GlobalAveragePool")
    b.add("Flatten")
    b.add("Gemm", b.weights(5, 16), b.weights(5), transB=1)
    b.add("Softmax", axis=1)


def grouped_and_joined(b: Builder) -> None:
    left = b.add("Conv", b.weights(6, 3, 1, 1))
    right = b.add("Conv", b.weights(6, 3, 3, 3), source="x", auto_pad="SAME_UPPER")
    b.add("Concat", right, source=left, axis=1)
    b.add("Conv", b.weights(12, 4, 3, 3), group=3, pads=[1, 1, 1, 1])
    b.add("MaxPool", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    b.add("Mul", b.weights(12, 1, 1))
    b.add("Sub", b.constant(np.float32(0.25)))
    b.add("Sigmoid")
    b.add("AveragePool", kernel_shape=[3, 3], pads=[1, 0, 1, 0])
    b.add("AveragePool", kernel_shape=[2, 2], pads=[0, 0, 1, 1], count_include_pad=1)
    b.add("AveragePool", kernel_shape=[2, 2], pads=[0, 0, 1, 1])
    b.add("AveragePool", kernel_shape=[2, 2], strides=[2, 2])
    b.add("ReduceMean", axes=[2, 3], keepdims=0)


def order_matters(b: Builder) -> None:
    """Reshape, Transpose and MatMul count axes as ONNX does."""
    b.add("Conv", b.weights(4, 3, 3, 3), dilations=[2, 2])
    b.add("Pad", b.constant(np.array([0, 0, 1, 2, 0, 0, 0, 1], np.int64)))
    b.add("Tanh")
    b.add("Reshape", b.constant(np.array([0, 4, -1], np.int64)))
    b.add("Transpose", perm=[0, 2, 1])
    b.add("MatMul", b.weights(4, 3))
    b.add("Unsqueeze", b.constant(np.array([1], np.int64)))
    b.add("Squeeze", b.constant(np.array([1], np.int64)))
    b.add("Div", b.constant(np.float32(3)))


def shuffled(b: Builder) -> None:
    """Channels of two groups mixed, as ShuffleNet has it."""
    b.add("Conv", b.weights(8, 3, 3, 3), pads=[1, 1, 1, 1])
    b.add("Reshape", b.constant(np.array([1, 2, 4, 16, 20], np.int64)))
    b.add("Transpose", perm=[0, 2, 1, 3, 4])
    b.add("Reshape", b.constant(np.array([1, 8, 16, 20], np.int64)))
    b.add("Conv", b.weights(8, 1, 3, 3), group=8, pads=[1, 1, 1, 1], strides=[2, 2])
    side = b.add("ConstantOfShape", source=b.constant(np.array([8, 1, 1], np.int64)), value=b.number(0.5))
    b.add("Sum", side, b.constant(np.float32(0.1)), source="v4")
    b.add("GlobalMaxPool")
    b.add("Dropout")


def as_exporters_write_it(b: Builder) -> None:
    """Weights as Constant nodes, sizes computed by operators, a depthwise convolution with two strides."""
    weights = numpy_helper.from_array(b.random.normal(0, 0.4, (3, 1, 3, 3)).astype(np.float32))
    b.nodes.append(helper.make_node("Constant", [], ["w"], value=weights))
    b.nodes.append(helper.make_node("Constant", [], ["rest"], value_ints=[-1]))
    b.nodes.append(helper.make_node("Constant", [], ["half"], value_float=0.5))
    b.add("Conv", "w", group=3, pads=[1, 1, 1, 1], strides=[2, 1])
    b.add("HardSigmoid", alpha=1 / 6, beta=0.5)
    b.add("Mul", "half")
    features = b.add("HardSigmoid")
    b.add("Shape")
    b.add("Slice", b.constant([0]), b.constant([2]), b.constant([0]))
    first = b.add("Cast", to=onnx.TensorProto.INT64)
    sizes = b.add("Concat", "rest", source=first, axis=0)
    b.add("Reshape", sizes, source=features)
    b.add("Slice", b.constant([2]), b.constant([2**63 - 1]), b.constant([2]), b.constant([3]))
    b.add("Gather", b.constant([2, 0]), axis=1)


@pytest.mark.parametrize("build", [convolutions, grouped_and_joined, order_matters, shuffled, as_exporters_write_it])
def test_values_are_the_references(build: Callable[[Builder], None], tmp_path: Path) -> None:
    builder, shape = Builder(), (1, 3, 16, 20)
    build(builder)
    model = builder.model(shape)
    path = tmp_path / "m.onnx"
    path.write_bytes(model.SerializeToString())
    given = builder.random.normal(0, 1, shape).astype(np.float32)
    (expected,) = ReferenceEvaluator(model).run(None, {"x": given})
    network = Network(path)
    assert network.shapes == [(1, 16, 20, 3)]
    (made,) = network(np.ascontiguousarray(given.transpose(0, 2, 3, 1)))
    values = np.asarray(made)
    if values.shape != expected.shape:
        values = values.transpose(0, 3, 1, 2)
    assert values.shape == expected.shape
    np.testing.assert_allclose(values, expected, rtol=1e-4, atol=1e-5)


def test_weights_in_nodes_are_weights(tmp_path: Path) -> None:
    builder = Builder()
    as_exporters_write_it(builder)
    path = tmp_path / "m.onnx"
    path.write_bytes(builder.model((1, 3, 16, 20)).SerializeToString())
    facts = inspect_onnx(path)
    assert "Constant" not in facts.operators
    assert facts.macs == 8 * 20 * 3 * 9 and facts.parameters >= 27


def test_free_sizes_are_given_or_asked_for(tmp_path: Path) -> None:
    builder = Builder()
    builder.add("Conv", builder.weights(4, 3, 3, 3))
    model = builder.model((1, 3, 8, 8))
    for axis, free in ((0, -1), (2, -1), (3, -1)):  # as PaddlePaddle writes them
        model.graph.input[0].type.tensor_type.shape.dim[axis].dim_value = free
    path = tmp_path / "m.onnx"
    path.write_bytes(model.SerializeToString())
    assert inspect_onnx(path).inputs[0].shape == (None, 3, None, None)
    with pytest.raises(CrosscamError, match="--size HEIGHTxWIDTH"):
        Network(path)
    assert Network(path, (6, 9)).shapes == [(1, 6, 9, 3)]


def test_what_is_not_converted(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"

    def refused(build: Callable[[Builder], Any], shape: tuple[int, ...] = (1, 3, 8, 8)) -> str:
        builder = Builder()
        build(builder)
        path.write_bytes(builder.model(shape).SerializeToString())
        with pytest.raises(CrosscamError) as caught:
            Network(path)(np.zeros((1, *shape[2:], shape[1]), np.float32))
        return str(caught.value)

    assert "Erf" in refused(lambda b: b.add("Erf"))
    assert "ceil" in refused(lambda b: b.add("MaxPool", kernel_shape=[2, 2], ceil_mode=1))
    assert "constant" in refused(lambda b: b.add("Conv", b.add("Relu"), source="x"))
    assert "fit" in refused(lambda b: b.add("Conv", b.weights(4, 5, 3, 3)))
