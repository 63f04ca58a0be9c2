"""``crosscam dataset``, ``evaluate`` and ``train``: what they print, write and refuse."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

pytest.importorskip("pycocotools")

from model.errors import CrosscamError
from model.tests.conftest import make_coco_tree
from scripts.main import app

RUNNER = CliRunner()
ZOO = Path(__file__).parents[2] / "model" / "zoo" / "person_car_160"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    objects = {n: [[(1, 9000.0)], [(3, 9000.0)], [(18, 9000.0)], []][n % 4] for n in range(1, 13)}
    make_coco_tree(tmp_path, "toy", "train", objects)
    return tmp_path


def said(*arguments: object) -> str:
    result = RUNNER.invoke(app, [str(a) for a in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def refused(*arguments: object) -> str:
    with pytest.raises(CrosscamError) as caught:
        RUNNER.invoke(app, [str(a) for a in arguments], catch_exceptions=False)
    return str(caught.value)


def test_count_balances_and_caps(tree: Path) -> None:
    lines = said("dataset", "count", tree, "toy/train", "--cap", "person=2", "--categories").split("\n")
    assert [line.split() for line in lines[:4]] == [["8", "images"], ["3", "car"], ["3", "negative"], ["2", "person"]]
    everything = said("dataset", "count", tree, "toy/train", "--all", "--class", "dog=0.1")
    assert [line.split() for line in everything.strip().split("\n")] == [
        ["12", "images"],
        ["3", "dog"],
        ["9", "negative"],
    ]


def test_count_needs_no_pictures(tree: Path) -> None:
    (tree / "toy" / "train").rename(tree / "elsewhere")
    assert "images" in said("dataset", "count", tree, "toy/train")
    assert "no such picture folder" in refused("dataset", "sheet", tree, "toy/train", "-o", tree / "sheet.png")


def test_a_contact_sheet(tree: Path) -> None:
    said("dataset", "sheet", tree, "toy/train", "-o", tree / "sheet.png", "--count", 5)
    with Image.open(tree / "sheet.png") as sheet:
        assert sheet.size == (5 * 160, 134)
        assert np.asarray(sheet)[:120].std() > 10


def test_bad_numbers(tree: Path) -> None:
    count = ("dataset", "count", tree, "toy/train")
    assert "expected NAME=NUMBER" in refused(*count, "--class", "person")
    assert "from 0 to 1" in refused(*count, "--class", "person=5")
    assert "from 0 to 1" in refused(*count, "--class", "person=nan")
    assert "the nearest is 'person'" in refused(*count, "--class", "persons=0.1")
    assert "expected a source as FOLDER/SPLIT" in refused("dataset", "count", tree, "toy")


def test_merge(tree: Path) -> None:
    recipe = tree / "recipe.toml"
    recipe.write_text('[classes]\ncar = 0.01\n[[source]]\nfolder = "toy"\nsplit = "train"\n', encoding="utf-8")
    assert "12 images, 3 car, 9 negative" in said("dataset", "merge", recipe, tree, "-o", tree / "merged")


def test_evaluate_reports(tree: Path) -> None:
    pytest.importorskip("tensorflow")
    report, figures = tree / "report", tree / "figures.json"
    evaluate = ("evaluate", ZOO, "--data-root", tree, "--set", "toy/train")
    assert "toy/train" in said(*evaluate, "--report", report, "--json", figures)
    assert {p.name for p in report.iterdir()} == {
        *("roc.txt", "roc.json", "roc.svg", "roc.png", "det.svg", "det.png", "confusion.svg", "confusion.png")
    }
    found = json.loads(figures.read_text(encoding="utf-8"))["int8"]["toy/train"]
    assert found["count"] == 12 and found["person"]["count"] == 3
    every = ("--threshold", "car=0", "--threshold", "negative=0", "--threshold", "person=0")
    said(*evaluate, *every, "--json", figures)
    found = json.loads(figures.read_text(encoding="utf-8"))["int8"]["toy/train"]
    assert found["car"] | {"auc": 0} == {"count": 3, "precision": 0.25, "recall": 1.0, "f1": 0.4, "auc": 0}


def test_evaluate_tells_every_class(tree: Path) -> None:
    output = said("evaluate", ZOO, "--data-root", tree, "--set", "toy/train").split("\n")
    assert ["class", "count", "precision", "recall", "f1", "auc"] in [line.split() for line in output]
    assert any(line.split()[:2] == ["person", "3"] for line in output)
    assert any(line.startswith("mean") and "binary accuracy 0." in line for line in output)


def test_evaluate_tells_operating_points(tree: Path) -> None:
    evaluate = ("evaluate", ZOO, "--data-root", tree, "--set", "toy/train")
    assert "FPR at most" not in said(*evaluate)
    lines = [line.split() for line in said(*evaluate, "--fpr", "0", "--fpr", "1").split("\n") if "FPR at most" in line]
    assert [line[0] for line in lines] == ["car", "car", "negative", "negative", "person", "person"]
    assert all(line[-8:] == ["FPR", "1.0000", "of", "9,", "TPR", "1.0000", "of", "3"] for line in lines[1::4])
    assert "false-positive rate 1.5: expected 0 to 1" in refused(*evaluate, "--fpr", "1.5")


def test_evaluate_compares_two_models(tree: Path) -> None:
    evaluate = ("evaluate", ZOO, "--data-root", tree, "--set", "toy/train")
    assert "difference +0.0000, its error 0.0000" in said(*evaluate, "--against", ZOO)
    complaint = refused(*evaluate, "--against", "model/zoo/sqrxr_112")
    assert "sqrxr_112: tells score, S, Q, R, X; expected car, negative, person" in complaint


def test_evaluate_draws_what_curves_there_are(tree: Path) -> None:
    make_coco_tree(tree, "few", "train", {1: [(1, 9000.0)], 2: []})
    output = said("evaluate", ZOO, "--data-root", tree, "--set", "few/train", "--report", tree / "report")
    assert "no curves of car: they need pictures with and without it" in output
    assert set(json.loads((tree / "report" / "roc.json").read_text(encoding="utf-8"))) == {
        *("columns", "negative", "person")
    }


def test_evaluate_refuses(tree: Path) -> None:
    evaluate = ("evaluate", ZOO, "--data-root", tree, "--set", "toy/train")
    assert "labelled dog, negative; give --class NAME=SHARE" in refused(*evaluate, "--class", "dog=0.1")
    (tree / "file").write_text("", encoding="utf-8")
    assert "cannot make this folder" in refused(*evaluate, "--report", tree / "file")
    assert "expected a probability from 0 to 1" in refused(*evaluate, "--threshold", "car=1.5")
    assert "belong together" in refused(*evaluate, "--run", tree)


def test_evaluate_names_what_installs_what_it_lacks(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After `make setup` alone pycocotools is not there."""
    monkeypatch.setitem(sys.modules, "pycocotools.coco", None)
    complaint = refused("evaluate", ZOO, "--data-root", tree, "--set", "toy/train")
    assert "pycocotools is not installed; run `" in complaint
    assert "train" in complaint


CONFIG = """
from model.dataset.coco import Source
from model.run_config import Distillation, TrainingConfig
SETS = {"training": (Source("toy", "train"),), "validation": (Source("toy", "train"),)}
CONFIG = TrainingConfig(id="toy", title="Toy", **(SETS | {"backbone": "none", "size": 32, "units": 8} | CHANGED))
"""


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"size": 100}, "multiple of 32, got 100"),
        ({"batch_size": 0}, "batch_size is 0; expected an integer from 1 to 4096"),
        ({"alpha": -1}, "alpha is -1; expected a number from 0.05"),
        ({"units": 8.5}, "units is 8.5; expected an integer"),
        ({"rate": "fast"}, "rate is 'fast'; expected a number"),
        ({"average": float("nan")}, "average is nan; expected a number"),
        ({"statistics_momentum": 2.0}, "statistics_momentum is 2.0; expected a number from 0.0 to 1.0"),
        ({"minimum_area": {"car": 7.0, "person": 0.1}}, "minimum_area of car is 7.0"),
        ({"positive_weights": (1.0, -1.0, 1.0)}, r"positive_weights[1] is -1.0"),
        ({"training": ()}, "training names no source"),
        ({"keep": "first"}, "keep is 'first'; expected one of best, last"),
    ],
)
def test_train_refuses_bad_settings(tree: Path, changed: dict[str, object], message: str) -> None:
    pytest.importorskip("tensorflow")
    config = tree / "config.py"
    config.write_text(CONFIG.replace("CHANGED", repr(changed).replace("nan", "float('nan')")), encoding="utf-8")
    assert message in refused("train", config, "--data-root", tree, "-o", tree / "out", "--selection", tree / "s.csv")
    assert not (tree / "out").exists()


def test_train_refuses(tree: Path) -> None:
    pytest.importorskip("tensorflow")
    assert "no such config file" in refused("train", tree / "none.py", "--data-root", tree, "-o", tree / "out")
    assert not (tree / "out").exists()
    config = tree / "config.py"
    config.write_text(CONFIG.replace("CHANGED", "{}"), encoding="utf-8")
    (tree / "shopping.csv").write_text("what,much\nmilk,2\n", encoding="utf-8")
    given = ("train", config, "--data-root", tree, "-o", tree / "out")
    assert "expected the columns of a model selection" in refused(*given, "--selection", tree / "shopping.csv")
    assert not (tree / "out").exists(), "before any training"
    (tree / "file").write_text("", encoding="utf-8")
    given = ("train", config, "--data-root", tree, "-o", tree / "file" / "out")
    assert "cannot make this folder" in refused(*given, "--selection", tree / "s.csv")


def test_the_board_says_what_litert_says(tree: Path, elf: Path) -> None:
    evaluate = ("evaluate", ZOO, "--data-root", tree, "--set", "toy/train", "--on-board", 2, "--elf", elf)
    output = said(*evaluate)
    assert "int8 on the board" in output
    assert "board: 2 of 2 pictures with LiteRT's scores, bit for bit" in output
