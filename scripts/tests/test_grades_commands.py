"""``crosscam grades``: what it counts, judges and refuses."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

pytest.importorskip("pycocotools")

from model.card import write_card
from model.compiler.tests.cases_graded import graded_card, two_outputs
from model.errors import CrosscamError
from model.tests.conftest import make_coco_tree
from scripts.main import app
from scripts.references import HostReference
from scripts.shelf_accuracy import Accuracy, accuracy_of
from sim.errors import CrosscamError as BoardError
from sim.frames.folder import FrameFolder

RUNNER = CliRunner()
ROOT = Path(__file__).parents[2]

RECIPE = """
[[grade]]
name = "S"
[[grade]]
name = "Q"
above = { person = 0.0 }
[[grade]]
name = "X"
above = { person = 0.05 }
[costs]
S = [0, 1, 2]
Q = [1, 0, 1]
X = [4, 2, 0]
[zones]
trusted = 0.0
untrusted = 0.5
[[training]]
folder = "toy"
split = "train"
[[validation]]
folder = "toy"
split = "val"
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    objects = {at: [[], [(1, 10.0)], [(1, 9000.0)]][at % 3] for at in range(9)}
    make_coco_tree(tmp_path, "toy", "train", objects)
    make_coco_tree(tmp_path, "toy", "val", {**objects, 9: []})
    (tmp_path / "grades.toml").write_text(RECIPE)
    return tmp_path


def said(*arguments: object) -> str:
    result = RUNNER.invoke(app, ["grades", *map(str, arguments)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def refused(*arguments: object) -> str:
    with pytest.raises((CrosscamError, BoardError)) as caught:
        RUNNER.invoke(app, ["grades", *map(str, arguments)], catch_exceptions=False)
    return str(caught.value)


def test_count_needs_annotations_alone(tree: Path) -> None:
    (tree / "toy" / "train").rename(tree / "elsewhere")
    lines = said("count", tree, "--recipe", tree / "grades.toml").splitlines()
    assert [line.split() for line in lines] == [
        ["source", "images", "S", "Q", "X"],
        ["toy/train", "9", "3", "3", "3"],
        ["toy/val", "10", "4", "3", "3"],
    ]


def test_judge_measures_a_model_and_draws(tree: Path) -> None:
    blob = two_outputs()
    (tree / "model.tflite").write_bytes(blob)
    write_card(graded_card(blob), tree)
    output = said("judge", tree, "--data-root", tree, "--recipe", tree / "grades.toml", "-o", tree / "report")
    rows = {line.split()[0]: line.split()[1:] for line in output.splitlines()}
    assert rows["toy/val"][0] == rows["all"][0] == "10"
    assert {"trusted", "untrusted"} <= set(rows)
    drawn = {path.name for path in (tree / "report").iterdir()}
    assert drawn == {f"{kind}.{end}" for kind in ("roc", "det", "confusion") for end in ("png", "svg")} | {
        "roc.txt",
        "roc.json",
    }


def test_judge_takes_other_sets_and_needs_firmware_for_the_board(tree: Path) -> None:
    blob = two_outputs()
    (tree / "model.tflite").write_bytes(blob)
    write_card(graded_card(blob), tree)
    common = ("judge", tree, "--data-root", tree, "--recipe", tree / "grades.toml")
    rows = {line.split()[0]: line.split()[1] for line in said(*common, "--set", "toy/train").splitlines()}
    assert rows["toy/train"] == rows["all"] == "9"
    assert "expected a count of pictures, or all" in refused(*common, "--on-board", "some")
    assert "nothing.elf" in refused(*common, "--on-board", "all", "--elf", tree / "nothing.elf")


def test_frames_are_labelled_with_grades_and_counted(tree: Path) -> None:
    """A grade always holds, so nothing is empty, and the highest grade is the decision."""
    made = tree / "frames"
    assert "8 frames (" in said("frames", tree, "-o", made, "--count", 8, "--recipe", tree / "grades.toml")
    folder = FrameFolder.open(made)
    assert {label for entry in folder.entries for label in entry.labels} == {"S", "Q", "X"}
    blob = two_outputs()
    (tree / "model.tflite").write_bytes(blob)
    card = graded_card(blob)
    write_card(replace(card, thresholds=(127,) * len(card.labels)), tree)
    host = HostReference(tree, folder)
    right = sum(host.verdict(at)[0] == entry.labels[0] for at, entry in enumerate(folder.entries))
    assert accuracy_of(tree, folder) == Accuracy(right, 8 - right, 0, right)


def test_what_does_not_fit_gets_one_line(tree: Path) -> None:
    shipped = ROOT / "model" / "zoo" / "person_car_160"
    assert "expected a score and then the recipe's S, Q, X" in refused(
        "judge", shipped, "--data-root", tree, "--recipe", tree / "grades.toml"
    )
    pytest.importorskip("tensorflow")
    common = (
        "train",
        "--data-root",
        tree,
        "-o",
        tree / "out",
        "--recipe",
        tree / "grades.toml",
        "--weights",
        tree / "w.npz",
    )
    assert "fewer than the 6 stages" in refused(*common, "--after", 6, "--stages", 6)
    assert "no such weights file" in refused(*common, "--cache", tree / "cache")
    assert "trains on toy/train; expected one of them" in refused(*common, "--without", "toy/val")
    assert "nothing is left to train on" in refused(*common, "--without", "toy/train")
    assert not (tree / "out").exists()
