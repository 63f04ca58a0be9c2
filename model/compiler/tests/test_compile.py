"""The zoo's network as a whole: compiled for this machine, bit for bit LiteRT's reference, tensor by tensor."""

from __future__ import annotations

import ctypes
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from model.card import read_card
from model.compiler import CompileReport, compile_model
from model.compiler.report import print_report
from model.compiler.tests.host import ROOT, Model, compile_library, reference, run_reference

ZOO = ROOT / "model" / "zoo" / "person_car_160"


@dataclass(frozen=True)
class Built:
    model: Model
    report: CompileReport
    plan: dict[str, Any]
    folder: Path


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = Path(tmp_path_factory.mktemp("zoo"))
    report = compile_model(ZOO, folder)
    library = compile_library([folder / "model.c", folder / "model_weights.c"], folder, sanitize=False)
    plan = json.loads((folder / "model_plan.json").read_text())
    return Built(Model.in_dll(library, "nn_model"), report, plan, folder)


def _images(shape: tuple[int, ...]) -> list[np.ndarray]:
    rng = np.random.default_rng(20)
    noise = [rng.integers(-128, 128, size=shape).astype(np.int8) for _ in range(14)]
    y, x, c = np.indices(shape)
    patterns = [
        np.full(shape, -128),
        np.full(shape, 127),
        (x + y + 40 * c) % 256 - 128,
        np.where((x // 8 + y // 8) % 2, 127, -128),
        np.where(np.hypot(x - 80, y - 80) < 50, 90, -60) + 10 * c,
        (x * y) % 256 - 128,
    ]
    return noise + [pattern.astype(np.int8) for pattern in patterns]


def test_scores_equal_the_reference(built: Built) -> None:
    interpreter = reference((ZOO / "model.tflite").read_bytes())
    card = read_card(ZOO)
    seen = set()
    for image in _images(card.input_shape):
        expected = run_reference(interpreter, image)
        assert built.model.run(image).tolist() == expected.tolist()
        seen.add(tuple(expected.tolist()))
    assert len(seen) > 10


def test_every_layer_equals_the_reference(built: Built) -> None:
    interpreter = reference((ZOO / "model.tflite").read_bytes(), preserve=True)
    indices = {details["name"]: details["index"] for details in interpreter.get_tensor_details()}
    places = {tensor["name"]: tensor for tensor in built.plan["tensors"]}
    arena = ctypes.addressof(built.model.input.contents) - built.plan["inputs"][0]["offset"]
    image = _images(read_card(ZOO).input_shape)[0]
    run_reference(interpreter, image)
    built.model.load(image)
    for number, layer in enumerate(built.plan["layers"]):
        built.model.layers[number].run()
        place = places[layer["output"]]
        actual = np.frombuffer(ctypes.string_at(arena + place["offset"], place["bytes"]), np.int8)
        expected = interpreter.get_tensor(indices[layer["output"]]).reshape(-1)
        assert np.array_equal(actual, expected), layer["name"]


def test_nn_model_says_what_the_card_says(built: Built) -> None:
    card, model = read_card(ZOO), built.model
    count = len(card.labels)
    assert model.id.decode() == card.id
    assert model.hash.decode() == card.sha256[:8]
    assert (model.input_height, model.input_width, model.input_channels) == card.input_shape
    assert [model.labels[i].decode() for i in range(model.output_count)] == list(card.labels)
    assert tuple(model.thresholds[:count]) == card.thresholds
    assert tuple(model.self_test_expected[:count]) == card.self_test_expected
    assert sum(model.layers[i].macs for i in range(model.layer_count)) == card.macs == built.report.macs
    assert (model.arena_bytes, model.weight_bytes) == (built.report.arena_bytes, built.report.weight_bytes)


def test_arena_fits_in_tightly_coupled_memory(built: Built) -> None:
    """The largest layer has 153600 bytes of input and output; overlapping them keeps all below DTCM's 128 KB."""
    assert built.report.peak_bytes == 153600
    assert built.report.arena_bytes <= 104 * 1024


def test_layers_have_their_authors_names(built: Built) -> None:
    names = [layer.name for layer in built.report.layers]
    assert names[:3] == ["conv1", "conv_dw_1", "conv_pw_1"]
    assert len(set(names)) == len(names)


def test_same_input_same_bytes(built: Built, tmp_path: Path) -> None:
    compile_model(ZOO, tmp_path)
    for path in built.report.files:
        assert (tmp_path / path.name).read_bytes() == path.read_bytes(), path.name


def test_the_report_says_why_an_arena_is_far_from_its_bound() -> None:
    console = Console(file=io.StringIO(), width=400)
    report = CompileReport("m", "0" * 8, [], [], 0, 0, 1100, 1000, 1000, 205, "conv", [])
    print_report(report, console)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert "at least 1,000 (10.0% more, the best of 205 orders of placing its tensors)" in text
