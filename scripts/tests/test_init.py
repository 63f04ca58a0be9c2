"""``crosscam init`` makes a project whose suite passes; the GitHub Action does for it what it says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts.tests.conftest import ROOT, Crosscam
from sim.tests.firmware_bench import need

INPUT = re.compile(r"\$\{\{ *(?P<name>[\w.]+) *\}\}")


def in_project(folder: Path, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """``command`` with crosscam on the path."""
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    environment = os.environ | {"PATH": path} | variables
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False
    )


@pytest.fixture
def project(crosscam: Crosscam, tmp_path: Path) -> Path:
    folder = tmp_path / "our new" / "blinky, it's here"
    done = crosscam("init", folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.slow
def test_the_project_is_green(project: Path) -> None:
    need("gcc")
    done = in_project(project, "make", "test")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 tests, 3 passed, 0 failed" in done.stdout
    assert (project / "build" / "robot" / "xunit.xml").is_file()
    assert "blinky-it-s-here 1.0" in (project / "firmware" / "hello.c").read_text()
    workflow = yaml.safe_load((project / ".github" / "workflows" / "test.yml").read_text())
    assert "make test" in [step.get("run") for step in workflow["jobs"]["test"]["steps"]]


def test_a_folder_that_is_in_use_is_left_alone(crosscam: Crosscam, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").touch()
    for place in (tmp_path, tmp_path / "letter.txt"):
        done = crosscam("init", place)
        assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def action() -> dict[str, Any]:
    """The action, read as GitHub reads it."""
    read: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
    return read


def test_the_action_takes_nothing_from_its_inputs_but_by_the_environment() -> None:
    """What a workflow hands over is never pasted into a command."""
    steps = action()["runs"]["steps"]
    assert action()["runs"]["using"] == "composite"
    assert all(step["shell"] == "bash" and "${{" not in step["run"] for step in steps if "run" in step)
    named = {
        found["name"] for step in steps for value in step.get("env", {}).values() for found in INPUT.finditer(value)
    }
    inputs = {f"inputs.{name}" for name in action()["inputs"]}
    assert {name for name in named if name.startswith("inputs.")} <= inputs
    assert inputs - named == {"inputs.artifact"}  # which goes to the upload


def run_action(project: Path, **given: str) -> tuple[dict[str, int], str]:
    """Exit status of each step that is a command and that a checkout needs, and the job's summary."""
    values = {f"inputs.{name}": str(each.get("default", "")) for name, each in action()["inputs"].items()}
    values |= {f"inputs.{name}": value for name, value in given.items()}
    summary, status = project / "summary.md", {}
    for step in action()["runs"]["steps"]:
        if "run" not in step or step["id"] == "install":
            continue
        outputs = project / f"{step['id']}.outputs"
        outputs.touch()
        environment = {
            name: INPUT.sub(lambda found: values[found["name"]], text) for name, text in step.get("env", {}).items()
        }
        environment |= {"GITHUB_OUTPUT": str(outputs), "GITHUB_STEP_SUMMARY": str(summary)}
        done = in_project(project, "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"], **environment)
        status[step["id"]] = done.returncode
        for name, _, value in (line.partition("=") for line in outputs.read_text().splitlines()):
            values[f"steps.{step['id']}.outputs.{name}"] = value
    return status, summary.read_text()


def test_suites_and_arguments_may_be_blocks_of_yaml(tmp_path: Path) -> None:
    """Which end with a line break: an empty name would stand for the whole checkout."""
    told, pretender = tmp_path / "told", tmp_path / "crosscam"
    pretender.write_text('#!/bin/sh\nprintf "[%s]" "$@" > "$TOLD"\n')
    pretender.chmod(0o755)
    (step,) = (step for step in action()["runs"]["steps"] if step["id"] == "suites")
    given = {"SUITES": "one.robot\n  \nother suites\n", "ARGUMENTS": "--timing cortex-m7\n--processes 2\n"}
    given |= {"ELF": "", "FRAMES": "", "OUTPUT": "out", "TOLD": str(told), "GITHUB_OUTPUT": str(tmp_path / "outputs")}
    given |= {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    done = in_project(tmp_path, "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"], **given)
    assert done.returncode == 0, done.stderr
    assert told.read_text() == ("[robot][--output][out][--timing][cortex-m7][--processes][2][one.robot][other suites]")
    assert (tmp_path / "outputs").read_text() == "status=0\n"


def test_the_starters_workflow_names_a_file_that_is_there(project: Path) -> None:
    """setup-python fails where the file its cache goes by does not exist."""
    workflow = yaml.safe_load((project / ".github" / "workflows" / "test.yml").read_text())
    (python,) = (step["with"] for step in workflow["jobs"]["test"]["steps"] if "setup-python" in step.get("uses", ""))
    assert (project / python["cache-dependency-path"]).is_file()


@pytest.mark.slow
def test_the_action_tells_what_passed_and_what_failed(project: Path) -> None:
    need("gcc")
    given = {"elf": "build/hello.elf", "arguments": "--timing instructions"}
    status, summary = run_action(project, **given)
    assert set(status.values()) == {0}
    assert summary.startswith("### Suites: 3 passed, 0 failed, 0 skipped")
    suite = project / "suites" / "hello.robot"
    suite.write_text(suite.read_text().replace("On Uart    hello", "On Uart    <b>|good bye"))
    (project / "summary.md").unlink()
    status, summary = run_action(project, **given)
    assert status == {"build": 0, "suites": 0, "budgets": 0, "summary": 0, "verdict": 1}
    assert "2 passed, 1 failed" in summary and "| Should Answer |" in summary
    assert "&lt;b&gt;&#124;good bye" in summary
    assert (project / "build" / "robot" / "crosscam.html").is_file()


@pytest.mark.slow
def test_the_action_shows_budgets(project: Path, elf: Path) -> None:
    """Of the vision firmware, whose budgets are made too small."""
    budgets = project / "budgets.toml"
    shipped = (ROOT / "robot_tests" / "budgets.toml").read_text()
    budgets.write_text(re.sub(r'"frame" = \d+', '"frame" = 1000', shipped))
    frames = ROOT / "build" / "frames" / "demo"
    (project / "trivial.robot").write_text("*** Test Cases ***\nShould Pass\n    No Operation\n")
    given = {"elf": str(elf), "frames": str(frames), "budgets": str(budgets), "suites": "trivial.robot"}
    status, summary = run_action(project, **given)
    assert status == {"build": 0, "suites": 0, "budgets": 0, "summary": 0, "verdict": 1}
    assert "| cycles | frame | 1,000 |" in summary
