"""Keras, SavedModel and ONNX: the same facts of one network, and no code of a file is ever run."""

from __future__ import annotations

import json
import resource
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model.errors import LONGEST_MESSAGE, CrosscamError
from model.inspection.facts import Facts
from model.inspection.inspect import inspect
from model.inspection.keras_file import check_config

MACS = 16 * 16 * (3 * 3 * 3 * 8 + 3 * 3 * 8) + 8 * 4
PARAMETERS = 3 * 3 * 3 * 8 + 8 + 3 * 3 * 8 + 8 + 8 * 4 + 4


@pytest.fixture(scope="module")
def keras_model() -> Any:
    keras = pytest.importorskip("keras", reason="the extra [train] is not installed")
    layers = keras.layers
    source = keras.Input((32, 32, 3))
    x = layers.Conv2D(8, 3, strides=2, padding="same", activation="relu")(source)
    x = layers.DepthwiseConv2D(3, padding="same")(x)
    x = layers.GlobalAveragePooling2D()(layers.ReLU(6.0)(x))
    return keras.Model(source, layers.Dense(4, activation="softmax")(x))


@pytest.fixture(scope="module")
def saved(keras_model: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("saved")
    keras_model.export(folder / "saved", verbose=False)
    keras_model.save(folder / "m.keras")
    keras_model.save(folder / "m.h5")
    return folder


def refused(path: Path) -> str:
    with pytest.raises(CrosscamError) as caught:
        inspect(path)
    assert len(str(caught.value)) <= LONGEST_MESSAGE and "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("name", ["m.keras", "m.h5", "saved"])
def test_three_forms_of_one_network(name: str, saved: Path) -> None:
    facts = inspect(saved / name)
    assert (facts.macs, facts.inputs[0].shape) == (MACS, (None, 32, 32, 3))
    assert (facts.outputs[0].shape, facts.outputs[0].type) == ((None, 4), "float32")
    assert 0 <= facts.parameters - PARAMETERS <= 2  # a SavedModel has constants of its own, such as RELU6's
    assert {"Conv2D", "Softmax", "Dense"} & set(facts.operators) and "convert" in facts.board.obstacle


def repacked(source: Path, target: Path, change: Any) -> Path:
    """The .keras file with its description changed."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "config.json":
                config = json.loads(content)
                change(config)
                content = json.dumps(config).encode()
            new.writestr(name, content)
    return target


def test_keras_objects_of_ones_own_are_refused(saved: Path, tmp_path: Path) -> None:
    def lambda_layer(config: Any) -> None:
        config["config"]["layers"][1].update(class_name="Lambda")

    def other_module(config: Any) -> None:
        config["config"]["layers"][1].update(module="os", class_name="system")

    def hidden(config: Any) -> None:
        config["config"]["layers"][1]["config"]["kernel_initializer"] = {
            "module": "keras.src.utils.file_utils", "class_name": "function", "config": "get_file"
        }  # fmt: skip

    assert "carries code" in refused(repacked(saved / "m.keras", tmp_path / "a.keras", lambda_layer))
    assert "os.system" in refused(repacked(saved / "m.keras", tmp_path / "b.keras", other_module))
    assert "file_utils" in refused(repacked(saved / "m.keras", tmp_path / "c.keras", hidden))


@pytest.mark.parametrize(
    "item",
    [
        {"class_name": "Custom>Mine", "config": {}},
        {"class_name": "Dense", "config": {}, "registered_name": "mine>Dense"},
        {"class_name": "Dense", "module": 7, "config": {}},
        {"class_name": ["Dense"], "config": {}},
        {"class_name": "function", "module": "builtins", "config": "eval"},
        {"class_name": "Dense", "module": "keras.layers", "config": {"units": 10**9}},
        {"class_name": "Conv2D", "module": "keras.layers", "config": {"kernel_size": [3, 10**6]}},
    ],
)
def test_descriptions_that_are_refused(item: Any) -> None:
    with pytest.raises(CrosscamError):
        check_config(Path("m.keras"), {"layers": [{"a": {"b": item}}]})
    deep: Any = {}
    for _ in range(500):
        deep = {"a": deep}
    with pytest.raises(CrosscamError, match="deep"):
        check_config(Path("m.keras"), deep)


def test_operators_of_keras_are_no_objects_of_ones_own(tmp_path: Path) -> None:
    """A network written with ``*`` and ``+`` and functions of keras.ops, as MobileNetV3 is."""
    keras = pytest.importorskip("keras", reason="the extra [train] is not installed")
    source = keras.Input((8, 8, 3))
    gate = keras.ops.relu6(keras.layers.Conv2D(3, 1)(source) + 3.0)
    keras.Model(source, source * gate).save(tmp_path / "m.keras")
    facts = inspect(tmp_path / "m.keras")
    assert facts.operators == {"Conv2D": 1, "Add": 1, "Relu6": 1, "Multiply": 1}
    assert facts.macs == 8 * 8 * 3 * 3
    function = {"class_name": "function", "module": "keras.src.ops.numpy", "config": "multiply"}
    with pytest.raises(CrosscamError, match="one's own"):
        check_config(tmp_path / "m.keras", {"config": function})


@pytest.mark.parametrize("sizes", [{"filters": 32768}, {"filters": 32768, "kernel_size": [300, 300]}])
def test_no_room_is_made_for_weights_that_the_file_does_not_hold(saved: Path, tmp_path: Path, sizes: Any) -> None:
    """Each size is one that a layer may have; their product would take gigabytes."""

    def claim(config: Any) -> None:
        layers = config["config"]["layers"]
        layers[1]["config"].update(sizes)
        layers[-1]["config"]["units"] = 32768

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    told = refused(repacked(saved / "m.keras", tmp_path / "claims.keras", claim))
    assert "weights and more, but it holds" in told and f"{PARAMETERS:,}" in told
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # KB
    assert inspect(saved / "m.keras").parameters == PARAMETERS  # Keras is as it was


def test_a_zip_bomb_is_not_unpacked(saved: Path, tmp_path: Path) -> None:
    path = tmp_path / "bomb.keras"
    level = {"compression": zipfile.ZIP_DEFLATED, "compresslevel": 1}
    with zipfile.ZipFile(path, "w", **level) as archive, archive.open("config.json", "w") as file:
        for _ in range(257):
            file.write(bytes(1 << 20))
    assert path.stat().st_size < 1 << 21
    assert "when unpacked" in refused(path)
    (tmp_path / "cut.keras").write_bytes((saved / "m.keras").read_bytes()[:5000])
    refused(tmp_path / "cut.keras")


def test_weights_that_lie_elsewhere(saved: Path, tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    path = tmp_path / "m.h5"
    path.write_bytes((saved / "m.h5").read_bytes())
    with h5py.File(path, "r+") as file:
        file["elsewhere"] = h5py.ExternalLink("/etc/passwd", "/")
    assert "link" in refused(path)


def test_a_saved_model_that_reaches_outside(saved: Path, tmp_path: Path) -> None:
    from tensorflow.core.protobuf import saved_model_pb2

    document = saved_model_pb2.SavedModel()
    document.ParseFromString((saved / "saved" / "saved_model.pb").read_bytes())
    document.meta_graphs[0].graph_def.node.add(name="spy", op="ReadFile")
    (tmp_path / "saved_model.pb").write_bytes(document.SerializeToString())
    assert "ReadFile" in refused(tmp_path)
    (tmp_path / "saved_model.pb").write_bytes(b"\xff" * 50)
    assert "damaged" in refused(tmp_path)


def onnx_facts(path: Path) -> Facts:
    onnx = pytest.importorskip("onnx", reason="the extra [onnx] is not installed")
    helper, numpy_helper, real = onnx.helper, onnx.numpy_helper, onnx.TensorProto.FLOAT
    weights = {"w": (8, 3, 3, 3), "d": (8, 1, 3, 3), "f": (4, 8)}
    made = [numpy_helper.from_array(np.zeros(shape, np.float32), name) for name, shape in weights.items()]
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["a"], strides=[2, 2], pads=[1, 1, 1, 1]),
        helper.make_node("Conv", ["a", "d"], ["b"], group=8, pads=[1, 1, 1, 1]),
        helper.make_node("GlobalAveragePool", ["b"], ["c"]),
        helper.make_node("Flatten", ["c"], ["e"]),
        helper.make_node("Gemm", ["e", "f"], ["y"], transB=1),
    ]
    ends = [helper.make_tensor_value_info("x", real, ["N", 3, 32, 32]), helper.make_tensor_value_info("y", real, None)]
    graph = helper.make_graph(nodes, "g", ends[:1], ends[1:], made)
    path.write_bytes(helper.make_model(graph).SerializeToString())
    return inspect(path)


def test_an_onnx_file(tmp_path: Path) -> None:
    facts = onnx_facts(tmp_path / "m.onnx")
    assert facts.macs == MACS and facts.inputs[0].shape == (None, 3, 32, 32)
    assert facts.parameters == 3 * 3 * 3 * 8 + 3 * 3 * 8 + 8 * 4 and facts.operators["Conv"] == 2
    (tmp_path / "bad.onnx").write_bytes(b"\x08" * 100)
    refused(tmp_path / "bad.onnx")
