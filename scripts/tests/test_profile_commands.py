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
from sim.text import monitor_path

BOARD = str(ROOT / "sim" / "board" / "stm32h743.resc")


@pytest.fixture(scope="module")
def elf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built("threads.c", tmp_path_factory.mktemp("commands"))


def crosscam(*arguments: str) -> str:
    """What a command prints; its errors are raised."""
    result = CliRunner(env={"COLUMNS": "140"}).invoke(app, arguments, catch_exceptions=False, standalone_mode=False)
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


def test_coverage_of_a_run_adds_that_of_another(elf: Path, tmp_path: Path) -> None:
    options = ("run", "--elf", str(elf), "--board", BOARD, "--seconds", "0.001", "--root", str(ROOT))
    text = crosscam("coverage", *options, "-o", str(tmp_path / "one"))
    assert "threads.c" in text and "100.0" in text
    crosscam("coverage", *options, "-o", str(tmp_path / "two"), "--add", str(tmp_path / "one" / "coverage.info"))
    once, twice = (
        dict(
            row[5:].split(",")[::-1]
            for row in (tmp_path / name / "coverage.info").read_text().splitlines()
            if row.startswith("FNDA")
        )
        for name in ("one", "two")
    )
    assert twice == {name: str(2 * int(calls)) for name, calls in once.items()} and once["inner_a"] == "3"


def in_a_suite(path: Path) -> str:
    """``path`` as a command of a suite names it: Robot takes a backslash of its own."""
    return monitor_path(path).replace("\\", r"\\")


def test_coverage_of_suites_is_that_of_the_firmware_they_boot(elf: Path, tmp_path: Path) -> None:
    suite = tmp_path / "boot.robot"
    suite.write_text(
        "*** Settings ***\nSuite Setup    Setup\nTest Teardown    Test Teardown\nResource    ${RENODEKEYWORDS}\n\n"
        "*** Test Cases ***\nThreads Should Take Turns\n"
        f"    Execute Command    $bin=@{elf}\n    Execute Command    include {in_a_suite(BOARD)}\n"
        '    Execute Command    emulation RunFor "0.001"\n'
    )
    text = crosscam("robot", str(suite), "--output", str(tmp_path / "log"), "--coverage", str(tmp_path / "coverage"))
    assert "threads.c" in text
    assert "FNDA:3,inner_a" in (tmp_path / "coverage" / "coverage.info").read_text()


def test_a_baseline_holds_and_fails_by_exit_status(elf: Path, tmp_path: Path) -> None:
    file = tmp_path / "baseline.json"
    crosscam("baseline", "update", str(file), str(elf), "--board", BOARD, "--seconds", "0.0001")
    assert "figures hold" in crosscam("baseline", "check", str(file), str(elf))
    recorded = json.loads(file.read_text())
    assert recorded["figures"]["stacks"]["MSP"] > 0 and "[sleep]" not in recorded["figures"]["functions"]
    recorded["figures"]["stacks"]["MSP"] -= 1
    file.write_text(json.dumps(recorded))
    result = CliRunner(env={"COLUMNS": "140"}).invoke(app, ["baseline", "check", str(file), str(elf)])
    assert result.exit_code == 1 and "FAIL" in result.output and "1 above" in result.output
