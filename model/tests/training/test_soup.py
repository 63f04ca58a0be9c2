"""The mean of runs: weights, figures, card; what cannot be averaged."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tensorflow")
pytest.importorskip("pycocotools")

from model.card import read_card
from model.deployment.export import export
from model.errors import CrosscamError
from model.run_config import load_config
from model.tests.conftest import make_coco_tree
from model.tests.training.test_training import eager_functions
from model.training.soup import member_configs
from model.training.train import train_file
from model.training.trained import load_run

CONFIG = """
from model.dataset.coco import Source
from model.run_config import TrainingConfig
CONFIG = TrainingConfig(
    id="toy", title="Toy", training=(Source("toy", "train"),), validation=(Source("toy", "train"),),
    size=32, units=8, batch_size=4, backbone="none", head_epochs=1, epochs=0, {},
)
"""


@pytest.fixture
def configs(tmp_path: Path) -> Path:
    make_coco_tree(tmp_path, "toy", "train", {n: [[(1, 9000.0)], [(3, 9000.0)], []][n % 3] for n in range(1, 7)})
    given = {"slow": "head_rate=0.01", "fast": "head_rate=0.1", "both": 'members=("slow", "fast")'}
    for name, text in given.items():
        (tmp_path / f"{name}.py").write_text(CONFIG.format(text), encoding="utf-8")
    return tmp_path


@pytest.mark.slow
def test_members_are_trained_and_averaged(configs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = configs / "runs" / "both"
    with eager_functions():
        train_file(configs / "both.py", configs, None, out, verbose=0)
        train_file(configs / "both.py", configs, None, out, verbose=0)
    assert capsys.readouterr().out.count("this run is complete") == 2
    slow, fast, both = (
        load_run(load_config(configs / f"{name}.py"), configs / "runs" / name).get_weights()
        for name in ("slow", "fast", "both")
    )
    assert any(np.abs(s - f).max() > 1e-3 for s, f in zip(slow, fast, strict=True))
    for s, f, b in zip(slow, fast, both, strict=True):
        np.testing.assert_allclose(b, (s + f) / 2, atol=1e-6)
    told = json.loads((out / "best.json").read_text(encoding="utf-8"))["members"]
    assert told["fast"]["head_rate"] == 0.1
    export(load_config(configs / "both.py"), configs, out, configs / "zoo", configs / "table.csv")
    card = read_card(configs / "zoo")
    assert card.provenance["selection"].startswith("mean of the weights of 2 runs")
    assert card.provenance["members"]["slow"]["epoch"] == 1
    assert "mean of 2" in (configs / "table.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("member", "message"),
    [
        ("size=64", "member slow has size 64, expected 32"),
        ("seed=9", "member slow has seed 9, expected 1"),
        ('members=("fast",)', "member slow has members itself"),
    ],
)
def test_what_cannot_be_averaged(configs: Path, member: str, message: str) -> None:
    text = CONFIG.replace("size=32, ", "") if "size" in member else CONFIG
    (configs / "slow.py").write_text(text.format(member), encoding="utf-8")
    with pytest.raises(CrosscamError, match=message):
        member_configs(configs / "both.py", load_config(configs / "both.py"))


def test_a_missing_member_is_named(configs: Path) -> None:
    (configs / "fast.py").unlink()
    with pytest.raises(CrosscamError, match=r"fast\.py: no such config file"):
        train_file(configs / "both.py", configs, None, configs / "out", verbose=0)
    assert not (configs / "slow").exists()
