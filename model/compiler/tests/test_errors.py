# mypy: disable-error-code="import-untyped"
"""Bad models and bad cards: one clear CrosscamError each, and nothing written."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from model.compiler import compile_model
from model.compiler.__main__ import main
from model.compiler.compile import Options, build
from model.compiler.tests.cases_networks import chain
from model.compiler.tests.host import reference, run_reference
from model.compiler.tests.maker import Maker
from model.compiler.tests.tflite_builder import TfliteBuilder
from model.errors import CrosscamError

CARD = """
[model]
id = "tiny"
title = "Tiny"
file = "model.tflite"
sha256 = "{sha256}"
labels = ["a", "b"]
macs = 1
parameters = 1
[input]
shape = [2, 2, 3]
type = "int8"
scale = 0.5
zero_point = 0
[output]
type = "int8"
scale = 0.25
zero_point = 0
[thresholds]
a = 0
b = 1
[self_test]
pattern = "xor-v1"
expected = [1, 2]
"""


def tiny(build_file: TfliteBuilder | None = None) -> bytes:
    """2x2x3 -> MEAN -> FULLY_CONNECTED -> two scores."""
    f = build_file or TfliteBuilder()
    x = f.tensor("x", (1, 2, 2, 3), scale=0.5)
    m = f.tensor("m", (1, 3), scale=0.5)
    f.op("MEAN", [x, f.tensor("axes", (2,), dtype=np.int32, data=np.array([1, 2]))], [m], keepDims=False)
    w = f.tensor("w", (2, 3), scale=0.5, data=np.array([[1, 2, 3], [4, 5, 6]], np.int8))
    y = f.tensor("y", (1, 2), scale=0.25)
    f.op("FULLY_CONNECTED", [m, w], [y])
    return f.finish([x], [y])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A valid model folder."""
    home = tmp_path / "tiny"
    home.mkdir()
    write(home, tiny())
    return home


def write(home: Path, blob: bytes, card: str = CARD) -> None:
    (home / "model.tflite").write_bytes(blob)
    (home / "card.toml").write_text(card.replace("{sha256}", hashlib.sha256(blob).hexdigest()))


def test_valid_folder_compiles(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(folder), "-o", str(tmp_path / "out")]) == 0
    assert "2 layers" in capsys.readouterr().out
    names = {path.name for path in (tmp_path / "out").iterdir()}
    sources = {"model.c", "model_config.h", "model_weights.c", "model_weights.h", "model_kernels.S"}
    assert names == sources | {"model_plan.json"}
    assert compile_model(folder / "model.tflite", tmp_path / "out").hash == compile_model(folder, tmp_path / "out").hash


def _truncate(home: Path) -> None:
    blob = tiny()
    write(home, blob[: len(blob) - 40])


def _edit(old: str, new: str) -> Callable[[Path], None]:
    def change(home: Path) -> None:
        assert old in CARD
        write(home, tiny(), CARD.replace(old, new))

    return change


def _overwrite(name: str, content: bytes) -> Callable[[Path], None]:
    def change(home: Path) -> None:
        (home / name).write_bytes(content)

    return change


BREAKAGES: dict[str, tuple[Callable[[Path], None], str]] = {
    "truncated": (_truncate, "truncated"),
    "not a model": (lambda home: write(home, b"hello, this is no model"), "TFL3"),
    "empty model": (lambda home: write(home, b""), "TFL3"),
    "missing model": (lambda home: (home / "model.tflite").unlink(), "model.tflite"),
    "missing card": (lambda home: (home / "card.toml").unlink(), "card.toml"),
    "bad toml": (_overwrite("card.toml", b"[model\nid=1"), "TOML"),
    "other file": (_overwrite("model.tflite", tiny() + b"\0"), "SHA-256"),
    "shape": (_edit("[2, 2, 3]", "[2, 3, 2]"), "shape"),
    "labels": (_edit('["a", "b"]', '["a", "b", "a2"]'), "list of 3"),
    "missing threshold": (_edit("b = 1\n", ""), "b"),
    "threshold range": (_edit("b = 1\n", "b = 128\n"), "128|127"),
    "self test": (_edit("[1, 2]", "[1]"), "expected"),
    "scale": (_edit("scale = 0.25", "scale = 0.125"), "scale"),
}


@pytest.mark.parametrize("name", BREAKAGES)
def test_bad_folder_is_one_line_and_nothing_written(
    name: str, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    compile_model(folder, out)
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    damage, expected = BREAKAGES[name]
    damage(folder)
    with pytest.raises(CrosscamError, match=expected):
        compile_model(folder, out)
    assert main([str(folder), "-o", str(out)]) == 2
    message = capsys.readouterr().err
    assert message.count("\n") == 1 and str(folder) in message
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def test_missing_folder_and_unwritable_output(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(CrosscamError, match="no such model"):
        compile_model(tmp_path / "nowhere", tmp_path / "out")
    assert not (tmp_path / "out").exists()
    (tmp_path / "file").write_text("")
    with pytest.raises(CrosscamError, match=r"file: cannot make this folder .*; name another"):
        compile_model(folder, tmp_path / "file")


def _one_op(name: str, *, dtype: type = np.int8, signature: tuple[int, ...] | None = None) -> bytes:
    f = TfliteBuilder()
    scale = 0.1 if dtype is np.int8 else None
    x = f.tensor("the_input", (1, 4), dtype=dtype, scale=scale, signature=signature)
    y = f.tensor("the_output", (1, 4), dtype=dtype, scale=scale)
    f.op(name, [x], [y])
    return f.finish([x], [y])


def test_unsupported_operator_is_named_with_its_tensor() -> None:
    with pytest.raises(CrosscamError, match=r"m\.tflite: COS \(operator 0, tensor 'the_output'\) is not supported"):
        build(Path("m.tflite"), _one_op("COS"))


def test_float_model_is_named() -> None:
    with pytest.raises(CrosscamError, match=r"float32.*int8"):
        build(Path("m.tflite"), _one_op("LOGISTIC", dtype=np.float32))


def test_dynamic_shape_is_named() -> None:
    with pytest.raises(CrosscamError, match=r"'the_input' has the dynamic shape \[1, -1\]"):
        build(Path("m.tflite"), _one_op("LOGISTIC", signature=(1, -1)))
    program = build(Path("m.tflite"), _one_op("ABS", signature=(-1, 4)))  # a free batch is read as batch 1
    assert program.graph.input.shape == (1, 4)


def test_absurd_scales_are_refused() -> None:
    f = TfliteBuilder()
    x = f.tensor("x", (1, 2, 2, 3), scale=1e6)
    y = f.tensor("y", (1, 3), scale=1e-6)
    f.op("MEAN", [x, f.tensor("axes", (2,), dtype=np.int32, data=np.array([1, 2]))], [y], keepDims=False)
    with pytest.raises(CrosscamError, match=r"MEAN .* scales by 1e\+12"):
        build(Path("m.tflite"), f.finish([x], [y]))


def test_model_without_computation() -> None:
    f = TfliteBuilder()
    x = f.tensor("x", (1, 4), scale=0.1)
    y = f.tensor("y", (1, 2, 2), scale=0.1)
    f.op("RESHAPE", [x], [y], newShape=[1, 2, 2])
    program = build(Path("m.tflite"), f.finish([x], [y]))  # LiteRT runs it, so it is a copy
    assert [call.function for call in program.calls] == ["nn_copy"]


def test_every_truncation_is_one_clear_error() -> None:
    blob = chain(Maker(5)).blob
    build(Path("m.tflite"), blob)
    for length in range(0, len(blob) - 1, 5):
        try:
            build(Path("m.tflite"), blob[:length])
        except CrosscamError as error:
            assert "\n" not in str(error) and str(error).startswith("m.tflite")
        else:
            # Only padding at the end may go unnoticed.
            assert length > len(blob) - 16


def test_scrambled_files_never_end_in_a_traceback() -> None:
    blob, rng = chain(Maker(5)).blob, np.random.default_rng(0)
    refused = 0
    for _ in range(600):
        broken = bytearray(blob)
        for position in rng.integers(8, len(blob), size=int(rng.integers(1, 4))):
            broken[position] = int(rng.integers(0, 256))
        try:
            build(Path("m.tflite"), bytes(broken))
        except CrosscamError:
            refused += 1
    assert refused > 100


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        (b"ethos-u", "is code for an Arm Ethos-U; give the int8 .tflite this file was made from"),
        (b"edgetpu-custom-op", "is code for an Edge TPU;"),
        (b"FlexErf", "is TensorFlow's own; convert the model with TFLITE_BUILTINS_INT8 alone"),
        (b"TFLite_Detection_PostProcess", "is not supported; end the model before it"),
    ],
)
def test_a_custom_operator_is_refused_for_what_it_is(name: bytes, problem: str) -> None:
    f = TfliteBuilder(custom=name)
    x, y, scratch = (f.tensor(tensor, (1, 4), scale=0.1) for tensor in ("x", "y", "scratch"))
    f.op("CUSTOM", [x, scratch], [y])
    with pytest.raises(CrosscamError) as error:
        build(Path("m.tflite"), f.finish([x], [y]))
    message = str(error.value)
    assert f"custom operator {name.decode()} (operator 0, tensor 'y') {problem}" in message and len(message) < 300


def test_a_loop_is_refused_with_the_way_round_it() -> None:
    f = TfliteBuilder()
    x, y = f.tensor("x", (1, 4), scale=0.1), f.tensor("y", (1, 4), scale=0.1)
    f.starts.append(("state", x))  # a second subgraph
    f.op("WHILE", [x], [y], condSubgraphIndex=1, bodySubgraphIndex=1)
    blob = f.finish([x], [y])
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(blob, 0))
    model.subgraphs[0].operators.pop(0)  # CALL_ONCE
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    with pytest.raises(CrosscamError, match=r"2 subgraphs, .* WHILE loops over time .*unroll=True and a fixed batch"):
        build(Path("m.tflite"), bytes(builder.Output()))


def test_a_sum_is_of_bytes_taken_for_uint8_as_the_reference_has_it() -> None:
    f = TfliteBuilder()
    x, y = f.tensor("x", (1, 4), scale=0.1), f.tensor("y", (1,), scale=0.1)
    f.op("SUM", [x, f.tensor("axes", (1,), dtype=np.int32, data=np.array([1]))], [y])
    blob = f.finish([x], [y])
    assert build(Path("m.tflite"), blob).calls[0].function == "nn_sum_u8"
    assert build(Path("m.tflite"), blob, Options(arithmetic="tflm")).calls[0].function == "nn_mean_any_s8"
    # The day this differs, the kernel has lost its reason: 128 - 256 * 0.1 / 0.1 is no int8 value but -128.
    values = np.array([[-100, -28, 0, 0]], np.int8)
    assert run_reference(reference(blob), values).tolist() == [-1]
