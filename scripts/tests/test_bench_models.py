"""``crosscam bench-models``: a row for every model, one that does not run too; counts of photographs; three files."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from model.card import read_card, write_card
from model.compiler.tests import cases_fast
from model.compiler.tests.maker import Maker
from model.compiler.tests.tflite_builder import TfliteBuilder
from scripts.bench_models_table import Row, cells, write_tables
from scripts.main import app
from scripts.references import HostReference
from scripts.shelf_accuracy import Accuracy, accuracy_of
from scripts.tests.conftest import MODEL
from sim.bench.toolchains import installed
from sim.frames.folder import FrameFolder, Shot, write_folder

ROW = Row("a|b", "classifier, int8", "=1+1", 3, 331_512, 92, "160x160x3", 20_819_776, 3.25, 13_398_576, 98_302, 521_100)


@pytest.fixture(scope="module")
def frames(tmp_path_factory: pytest.TempPathFactory) -> FrameFolder:
    """Noise of four kinds, one of which nobody has labelled."""
    noise = np.random.default_rng(6).integers(0, 1 << 16, (4, 240, 320), dtype=np.uint16)
    labels = [("person",), (), ("car", "person"), None]
    shots = [
        Shot(pixels, f"n{at}", label, "none") for at, (pixels, label) in enumerate(zip(noise, labels, strict=True))
    ]
    return write_folder(tmp_path_factory.mktemp("frames") / "f", "noise", shots)


def test_photographs_are_counted(frames: FrameFolder, model_copy: Path) -> None:
    """Thresholds decide what is correct, wrong, or not said at all; the highest score has none."""
    card, host = read_card(model_copy), HostReference(MODEL, frames)
    highest = [card.labels[int(np.argmax(host[at].scores))] for at in range(3)]
    best = sum(
        label in truth for label, truth in zip(highest, [["person"], ["negative"], ["car", "person"]], strict=True)
    )
    for thresholds, expected in {
        (-128, -128, -128): Accuracy(1, 2, 0, best),  # car and person in all: the third has both
        (127, 127, 127): Accuracy(0, 0, 3, best),
        (127, -128, -128): Accuracy(1, 2, 0, best),  # person in all
        (127, -128, 127): Accuracy(1, 2, 0, best),  # nothing in all
    }.items():
        write_card(replace(card, thresholds=thresholds), model_copy)
        found = accuracy_of(model_copy, frames)
        assert found == expected and found.count == 3
    write_card(replace(card, labels=("a", "b", "c")), model_copy)
    assert accuracy_of(model_copy, frames) is None


def test_the_three_files(tmp_path: Path) -> None:
    """What is in a name is no markup, no formula, no file of its own."""
    rows = [
        replace(ROW, accuracy=Accuracy(90, 8, 2, 95)),
        replace(ROW, name="<b>$x", cycles=None, ram=None, flash=None, problem="needs 9 bytes"),
    ]
    markdown, table, picture = write_tables(rows, tmp_path / "out", "noise")
    text = markdown.read_text()
    assert "100 labelled photographs" in text and "a\\|b" in text and "&lt;b>" in text and "13,398,576" in text
    first, second = csv.DictReader(io.StringIO(table.read_text()))
    assert (first["cycles"], first["board ms"], first["correct"], first["best"]) == ("13398576", "27.9", "90", "95")
    assert first["training set"] == "'=1+1" and (second["cycles"], second["note"]) == ("", "needs 9 bytes")
    assert picture.read_text().startswith("<?xml") and cells(rows[1])["correct"] == ""


@pytest.mark.slow
@pytest.mark.skipif(not installed(), reason="no toolchain for ARM is installed")
def test_one_that_runs_and_one_that_does_not(frames: FrameFolder, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.tflite", tmp_path / "bad.tflite"
    good.write_bytes(cases_fast.KINDS["fast_conv"](Maker(5)).blob)
    builder = TfliteBuilder()
    ends = [builder.tensor(name, (1, 8), dtype=np.float32) for name in "xy"]
    builder.op("SIN", ends[:1], ends[1:])
    bad.write_bytes(builder.finish(ends[:1], ends[1:]))
    arguments = ["bench-models", str(good), str(bad), "--frames", str(frames.path), "--no-architectures"]
    result = CliRunner().invoke(app, [*arguments, "-o", str(tmp_path / "out")])
    assert result.exit_code == 0, result.output
    first, second = csv.DictReader(io.StringIO((tmp_path / "out" / "models.csv").read_text()))
    assert int(first["cycles"]) > 0 and int(first["RAM"]) > 0 and not first["note"] and not first["correct"]
    assert first["training set"] == "not known" and float(first["host ms"]) >= 0
    assert second["cycles"] == "" and "SIN" in second["note"]
