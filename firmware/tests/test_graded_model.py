"""A model of two outputs on the simulated board: scores, grade and zone are the host's, with three frame buffers and
with the two that a large network leaves room for.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from model.card import write_card
from model.compiler.tests.cases_graded import graded_card, two_outputs
from model.evaluation.reference import Reference
from model.preprocessing import camera_path
from model.selftest import PATTERN, xor_frame
from sim.bench.toolchains import installed as toolchains

ROOT = Path(__file__).resolve().parents[2]


def _run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*map(str, command)], capture_output=True, text=True, cwd=ROOT, timeout=500)


def lively(folder: Path, size: int) -> tuple[bytes, tuple[int, ...]]:
    """The first of some networks whose scores differ from picture to picture, and those of the self-test."""
    for seed in range(100):
        blob = two_outputs(size=size, stride=1, seed=seed)
        (folder / "model.tflite").write_bytes(blob)
        reference = Reference(folder / "model.tflite", 2)
        dark = reference.scores(np.full((size, size, 3), -100, np.int8))
        pattern = reference.scores(camera_path(xor_frame(), size, size))
        if len(set(pattern[1:].tolist())) > 1 and (dark != pattern).all():
            return blob, tuple(pattern.tolist())
    raise AssertionError("no lively network found")


@pytest.mark.slow
@pytest.mark.parametrize(("size", "buffers"), [(32, 3), (176, 2)])
def test_grade_and_zone_are_the_hosts(size: int, buffers: int, tmp_path: Path) -> None:
    toolchain = next(iter(toolchains()))
    blob, pattern = lively(tmp_path, size)
    write_card(graded_card(blob, size, self_test_pattern=PATTERN, self_test_expected=pattern), tmp_path)
    built = _run(
        "make", "-C", "firmware", f"PYTHON={sys.executable}", f"TOOLCHAIN={toolchain}",
        f"MODEL_DIR={tmp_path}", f"BUILD={tmp_path / 'build'}", f"GEN={tmp_path / 'generated'}",
    )  # fmt: skip
    assert built.returncode == 0, built.stderr + built.stdout
    assert f"NN_FRAME_BUFFERS  {buffers}" in (tmp_path / "generated" / "model_config.h").read_text()
    crosscam = [sys.executable, "-m", "scripts.main"]
    _run(*crosscam, "frames", "demo", "-o", tmp_path / "frames")
    ran = _run(
        *crosscam, "run", "--elf", tmp_path / "build" / "crosscam.elf", "--frames", tmp_path / "frames",
        "--model", tmp_path, "--count", "4", "--json", tmp_path / "verdict.json",
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "self-test: ok" in ran.stdout
    rows = json.loads((tmp_path / "verdict.json").read_text())["rows"]
    assert [row["equal"] for row in rows] == [True] * 4
    assert all(row["verdict"] == row["reference_verdict"] and "" not in row["verdict"] for row in rows)
    assert all(row["labels"] == [] and row["predicted"][0] in ("S", "Q", "X") for row in rows)
