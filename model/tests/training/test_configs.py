"""The shipped configs: each one loads, says how it is run, and is told apart from the others."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

import pytest

from model.configs.base import BASE
from model.errors import CrosscamError
from model.run_config import load_config
from model.training.distillation import teacher_configs
from model.training.run_state import config_digest
from model.training.soup import member_configs

FOLDER = Path(__file__).parents[2] / "configs"
RUNS = sorted(path for path in FOLDER.glob("*.py") if path.name not in ("base.py", "__init__.py"))


@pytest.mark.parametrize("path", RUNS, ids=lambda path: path.stem)
def test_a_config_loads_and_says_how_it_is_run(path: Path) -> None:
    config = load_config(path)
    member_configs(path, config)
    teacher_configs(path, config)
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    assert f"crosscam train model/configs/{path.name} --data-root DIR" in text
    assert "macro F1" in text, "what to expect"


def test_runs_are_told_apart_by_what_differs() -> None:
    digests = {path.stem: config_digest(load_config(path)) for path in RUNS}
    assert len(set(digests.values())) == len(digests)
    assert config_digest(replace(BASE, keep="best", distillation=None)) == config_digest(BASE), "a default says nothing"
    assert config_digest(replace(BASE, keep="last")) != config_digest(BASE)


def test_what_they_share_is_no_run() -> None:
    with pytest.raises(CrosscamError, match=r"base\.py: expected a name CONFIG"):
        load_config(FOLDER / "base.py")
