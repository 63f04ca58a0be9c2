"""A stranger's picture classifier on the simulated board: a card is written, the firmware built, and the scores equal.

The networks are MobileNets of depthwise and pointwise convolutions with random weights: one is grey-scale; one is in
colour, has uint8 at its edges, and more scores than a line of the console holds.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from model.compiler.tests.cases_networks import Net
from model.compiler.tests.host import reference, run_reference
from model.compiler.tests.maker import Maker
from sim.bench.toolchains import installed as toolchains
from sim.console import Prediction
from sim.frames.folder import FrameFolder
from sim.lcd import load, shown
from sim.vision_display import VisionDisplay

ROOT = Path(__file__).resolve().parents[2]
NAMES = {2: ["K\u00e4fer {\u00df}", 64 * "\u6f22"], 100: [f'class {number}, {{100 %}}: "3"-4' for number in range(100)]}
"""Labels; one is wider than the display, and than most lines of the console."""


def lively(channels: int, classes: int, edges: type) -> bytes:
    """The first of some networks whose scores differ among themselves and from picture to picture."""
    for seed in range(200):
        blob = classifier(seed, channels, classes, edges)
        interpreter = reference(blob)
        shape = (1, 64, 64, channels)
        limits = np.iinfo(edges)
        noise = [np.random.default_rng(at).integers(limits.min, limits.max + 1, shape, edges) for at in range(2)]
        first, second = (run_reference(interpreter, image) for image in noise)
        if len(np.unique(first)) > 1 and np.any(first != second):
            return blob
    raise AssertionError("no lively network found")


def classifier(seed: int, channels: int, classes: int, edges: type) -> bytes:
    """Scores of a 64x64 picture."""
    n = Net(Maker(seed))
    build = n.m.build
    kind = np.dtype(edges)
    x = build.tensor(
        "picture", (1, 64, 64, channels), dtype=kind, scale=1 / 128, zero_point=0 if edges is np.int8 else 128
    )
    y = x
    if edges is np.uint8:
        y = build.tensor("inner", (1, 64, 64, channels), scale=1 / 128, zero_point=0)
        build.op("QUANTIZE", [x], [y])
    y = n.conv(y, 8, stride=2)
    for outputs, stride in ((16, 2), (16, 1), (32, 2), (32, 1)):
        y = n.conv(n.depthwise(y, stride), outputs, 1)
    pooled = n.value((1, n.shape_of(y)[3]), n.scale_of(y) / 2)
    build.op("MEAN", [y, n.m.integers([1, 2])], [pooled])
    logits = n.dense(pooled, classes)
    build.tensors[logits].quantization.scale = np.array([0.05], np.float32)
    scores = build.tensor("scores", (1, classes), scale=1 / 256, zero_point=-128)
    build.op("SOFTMAX", [logits], [scores], beta=1.0)
    if edges is np.uint8:
        outer = build.tensor("outer", (1, classes), dtype=kind, scale=1 / 256, zero_point=0)
        build.op("QUANTIZE", [scores], [outer])
        scores = outer
    return build.finish([x], [scores])


def assert_displayed(said: str, folder: Path) -> None:
    """The display showed the first frame with its labels and cycles, pixel for pixel."""
    predictions = [Prediction.parse(line.strip()) for line in said.splitlines()]
    first = next(each for each in predictions if each is not None)
    display = VisionDisplay(folder / "build" / "crosscam.elf")
    expected = shown(display.expected(FrameFolder.open(folder / "frames").pixels(0), first))
    np.testing.assert_array_equal(load(folder / "lcd" / "0001.png"), expected)


SUITE = f"""
*** Settings ***
Resource          {ROOT}/robot_tests/board.resource
Suite Setup       Setup
Suite Teardown    Teardown

*** Test Cases ***
Every Score Should Be The References
    ${{reference}}=    Load Reference    ${{FRAMES}}
    Boot Board And Stop It
    Frames May Be Missing
    Write Line To Uart    f
    ${{prediction}}=    Next Prediction
    ${{row}}=    Should Equal Reference    ${{prediction}}    ${{reference}}
    All Scores Should Equal Reference    ${{row}}
"""


def _run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*map(str, command)], capture_output=True, text=True, cwd=ROOT, timeout=500)


@pytest.mark.parametrize(
    ("channels", "classes", "edges", "toolchain"),
    [(1, 2, np.int8, "gcc"), (3, 100, np.uint8, "zig")],
    ids=["grey", "colour"],
)
def test_any_picture_classifier_runs(channels: int, classes: int, edges: type, toolchain: str, tmp_path: Path) -> None:
    if toolchain not in toolchains():
        pytest.skip(f"toolchain {toolchain} is not installed")
    (tmp_path / "mine.tflite").write_bytes(lively(channels, classes, edges))
    labels = [word for name in NAMES[classes] for word in ("--label", name)]
    crosscam = [sys.executable, "-m", "scripts.main"]
    made = _run(*crosscam, "card", tmp_path / "mine.tflite", "-o", tmp_path / "model", *labels)
    assert made.returncode == 0, made.stderr
    built = _run(
        "make", "-C", "firmware", f"PYTHON={sys.executable}", f"TOOLCHAIN={toolchain}",
        f"MODEL_DIR={tmp_path / 'model'}", f"BUILD={tmp_path / 'build'}", f"GEN={tmp_path / 'generated'}",
    )  # fmt: skip
    assert built.returncode == 0, built.stderr + built.stdout
    _run(*crosscam, "frames", "demo", "-o", tmp_path / "frames")
    ran = _run(
        *crosscam, "run", "--elf", tmp_path / "build" / "crosscam.elf", "--frames", tmp_path / "frames",
        "--model", tmp_path / "model", "--count", "2", "--json", tmp_path / "verdict.json", "--lcd", tmp_path / "lcd",
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
    verdict = json.loads((tmp_path / "verdict.json").read_text())
    assert verdict["passed"] and verdict["equal"] == 2
    assert "self-test: ok" in ran.stdout
    assert len(set(verdict["rows"][0]["scores"])) > 1 or classes > 2
    assert_displayed(ran.stdout, tmp_path)
    if classes > 2:
        frames = tmp_path / "frames"
        referred = _run(*crosscam, "reference", frames, "--model", tmp_path / "model")
        assert referred.returncode == 0, referred.stderr
        (tmp_path / "scores.robot").write_text(SUITE)
        judged = _run(
            sys.executable, "-m", "sim.robot", "--elf", tmp_path / "build" / "crosscam.elf", "--frames", frames,
            "--output", tmp_path / "robot", tmp_path / "scores.robot",
        )  # fmt: skip
        assert judged.returncode == 0, judged.stdout + judged.stderr
