"""The commands that look into a run, as a user calls them."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from typer.testing import CliRunner

from scripts.main import app
from sim.errors import CrosscamError
from sim.tests.firmware_bench import ROOT
from sim.tests.profile_bench import built

BOARD = str(ROOT / "sim" / "board" / "stm32h743.resc")


@pytest.fixture(scope="module")
def elf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built("threads.c", tmp_path_factory.mktemp("commands"))


def crosscam(*arguments: str) -> str:
    """What a command prints; its errors are raised."""
    result = CliRunner().invoke(app, arguments, catch_exceptions=False, standalone_mode=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_profile_of_any_board_writes_what_it_is_asked_for(elf: Path, tmp_path: Path) -> None:
    files = {name: tmp_path / name for name in ("flame.svg", "scope.json", "all.json")}
    text = crosscam(
        "profile", str(elf), "--board", BOARD, "--seconds", "0.0001", "--flame", str(files["flame.svg"]),
        "--speedscope", str(files["scope.json"]), "--json", str(files["all.json"]),
    )  # fmt: skip
    assert "thread_a" in text and "PendSV" in text and "threads.c:" in text and "stack MSP" in text
    ElementTree.parse(files["flame.svg"])
    whole = json.loads(files["all.json"].read_text())
    assert sum(each["cycles"] for each in whole["functions"]) == whole["cycles"] >= 6400  # 0.1 ms at 64 MHz
    assert json.loads(files["scope.json"].read_text())["profiles"][0]["endValue"] == whole["cycles"]


def test_a_drawing_never_replaces_what_is_no_file(elf: Path, tmp_path: Path) -> None:
    with pytest.raises(CrosscamError, match="it is a folder"):
        crosscam("profile", str(elf), "--board", BOARD, "--seconds", "0.0001", "--flame", str(tmp_path))
