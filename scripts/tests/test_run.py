"""``crosscam run`` from outside: verdict, exit status, one clear line for each kind of bad input."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from scripts.tests.conftest import ROOT, Crosscam, built, frames_of_noise
from sim.boot import Board
from sim.errors import CrosscamError


def _one_line(stderr: str) -> str:
    assert stderr.count("\n") == 1, stderr
    assert stderr.startswith("crosscam: ")
    return stderr


@dataclass(frozen=True)
class Ran:
    """What a run said and wrote."""

    done: subprocess.CompletedProcess[str]
    verdict: dict[str, Any]
    uart: bytes
    pictures: list[str]
    """Files that --lcd wrote."""

    @property
    def scores(self) -> list[dict[str, int]]:
        """Those of each frame."""
        return [row["scores"] for row in self.verdict["rows"]]


@pytest.fixture(scope="module")
def run(crosscam: Crosscam, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Ran]:
    """Runs a firmware on three frames of noise."""
    frames = frames_of_noise(tmp_path_factory.mktemp("noise") / "frames")

    def call(elf: Path) -> Ran:
        folder = tmp_path_factory.mktemp("run")
        verdict, log = folder / "verdict.json", folder / "uart.log"
        lcd = folder / "lcd"
        done = crosscam("run", "--elf", elf, "--frames", frames, "--json", verdict, "--uart", log, "--lcd", lcd)
        pictures = sorted(path.name for path in lcd.iterdir())
        return Ran(done, json.loads(verdict.read_text()), log.read_bytes(), pictures)

    return call


@pytest.fixture(scope="module")
def ran(run: Callable[[Path], Ran], elf: Path) -> Ran:
    """The firmware's run."""
    return run(elf)


def test_every_prediction_equals_the_reference(ran: Ran) -> None:
    assert ran.done.returncode == 0, ran.done.stdout + ran.done.stderr
    assert ran.verdict["wanted"] == ran.verdict["equal"] == 3
    assert [row["source"] for row in ran.verdict["rows"]] == ["noise-0", "noise-1", "noise-2"]
    assert ran.uart.count(b"| Frame: ") >= 3
    assert "PASS" in ran.done.stdout


def test_each_frame_was_on_the_display(ran: Ran) -> None:
    assert ran.pictures == ["0001.png", "0002.png", "0003.png"]


def test_both_toolchains_predict_the_same(run: Callable[[Path], Ran], ran: Ran, elf: Path) -> None:
    other = built("zig" if elf == built("gcc") else "gcc")
    assert run(other).scores == ran.scores
    assert len(ran.scores) == 3


def test_a_differing_prediction_is_status_1(crosscam: Crosscam, elf: Path, frames: Path, model_copy: Path) -> None:
    """The reference runs a model whose last layer was changed; the firmware has the one as shipped."""
    model, card = model_copy / "model.tflite", model_copy / "card.toml"
    content = bytearray(model.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 4096] = bytes(value ^ 0x15 for value in content[middle : middle + 4096])
    old = hashlib.sha256(model.read_bytes()).hexdigest()
    model.write_bytes(content)
    card.write_text(card.read_text().replace(old, hashlib.sha256(content).hexdigest()))
    done = crosscam("run", "--elf", elf, "--frames", frames, "--model", model_copy, "--count", "1")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "FAIL: 0 of 1" in done.stdout


def test_two_runs_give_the_same_bytes(run: Callable[[Path], Ran], ran: Ran, elf: Path) -> None:
    assert run(elf).uart == ran.uart
    assert b"Cycles" in ran.uart


def test_no_run_takes_for_ever(elf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the firmware makes of virtual time."""
    monkeypatch.setattr("sim.boot.limit_for", lambda board_seconds: 0.0)
    with pytest.raises(CrosscamError, match=r"^0 s of wall time are over at 0 s of board time; the core is at .*eset"):
        Board(elf).run_until(lambda: False, 10.0)


def test_no_firmware(crosscam: Crosscam, frames: Path, tmp_path: Path) -> None:
    done = crosscam("run", "--elf", tmp_path / "none.elf", "--frames", frames)
    assert done.returncode == 2
    assert re.search(r"none\.elf.*make firmware", _one_line(done.stderr))


def test_firmware_that_is_no_elf(crosscam: Crosscam, frames: Path, tmp_path: Path) -> None:
    (tmp_path / "text.elf").write_text("not an ELF")
    done = crosscam("run", "--elf", tmp_path / "text.elf", "--frames", frames)
    assert done.returncode == 2
    assert "text.elf" in _one_line(done.stderr)


def test_an_empty_frame_folder(crosscam: Crosscam, elf: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = crosscam("run", "--elf", elf, "--frames", tmp_path / "empty")
    assert done.returncode == 2
    assert "frames.json" in _one_line(done.stderr)


def test_a_frame_of_the_wrong_size(crosscam: Crosscam, elf: Path, frames: Path) -> None:
    victim = next(frames.glob("*.rgb565"))
    victim.write_bytes(victim.read_bytes()[:1000])
    done = crosscam("run", "--elf", elf, "--frames", frames)
    assert done.returncode == 2
    assert re.search(rf"{victim.name}.*1000.*153600", _one_line(done.stderr))


@pytest.mark.parametrize(
    ("description", "complaint"),
    [
        ("uart: UART.STM32F7_USRAT @ sysbus 0x40004800\n    frequency: 1\n", r"board\.repl:1:7: .*STM32F7_USART"),
        ("cpu: CPU.CortexM @ sysbus\n    cpuType: = 5\n", r"board\.repl:2:14: expected"),
    ],
)
def test_a_board_that_cannot_be_built(
    crosscam: Crosscam, elf: Path, frames: Path, tmp_path: Path, description: str, complaint: str
) -> None:
    (tmp_path / "board.repl").write_text(description)
    (tmp_path / "board.resc").write_text("mach create\nmachine LoadPlatformDescription $ORIGIN/board.repl\n")
    done = crosscam("run", "--elf", elf, "--frames", frames, "--board", tmp_path / "board.resc")
    assert done.returncode == 2
    assert re.search(complaint, _one_line(done.stderr))


@pytest.mark.parametrize("option", [("--count", "0"), ("--timing", "sundial"), ("--uart", "tcp:many")])
def test_a_bad_option(crosscam: Crosscam, elf: Path, frames: Path, option: tuple[str, str]) -> None:
    done = crosscam("run", "--elf", elf, "--frames", frames, *option)
    assert done.returncode == 2
    assert option[0].removeprefix("--") in done.stderr


def test_a_truncated_model_is_refused_and_nothing_is_written(
    crosscam: Crosscam, model_copy: Path, tmp_path: Path
) -> None:
    model = model_copy / "model.tflite"
    model.write_bytes(model.read_bytes()[:5000])
    done = crosscam("compile", model_copy, "-o", tmp_path / "generated")
    assert done.returncode == 2
    assert "model.tflite" in _one_line(done.stderr)
    assert not (tmp_path / "generated").exists()


def test_a_reference_in_no_folder(crosscam: Crosscam, frames: Path, tmp_path: Path) -> None:
    done = crosscam("reference", frames, "-o", tmp_path / "missing" / "reference.json")
    assert done.returncode == 2
    assert "cannot write" in _one_line(done.stderr)


def test_no_coco_tree(crosscam: Crosscam, tmp_path: Path) -> None:
    done = crosscam("frames", "coco", "--coco", tmp_path / "nowhere", "-o", tmp_path / "out")
    assert done.returncode == 2
    assert "nowhere" in _one_line(done.stderr)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("command", ["run", "frames", "compile", "reference"])
def test_every_command_has_help_with_an_example(crosscam: Crosscam, command: str) -> None:
    done = crosscam(command, "--help")
    assert done.returncode == 0
    assert f"Example: crosscam {command}" in " ".join(done.stdout.split())


def test_the_readme_opens_with_the_two_commands() -> None:
    opening = (ROOT / "README.md").read_text()[:400]
    assert "make run" in opening
    assert "make test" in opening
