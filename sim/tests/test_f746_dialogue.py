"""The benchmark's dialogue with an image of ours on the STM32F746."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.engine.truth import BoardTruth
from sim.errors import CrosscamError
from sim.mlperf import Dialogue, boot
from sim.tests.firmware_bench import TOOLCHAINS, build, raw_image

DATA = bytes(range(100)) * 4
LOOPS = 50


@pytest.fixture(scope="module", params=TOOLCHAINS)
def image(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dialogue")
    elf = build(request.param, ("bench/dialogue/dialogue.c",), "bench/dialogue/dialogue.ld", folder / "dialogue.elf")
    return raw_image(elf, folder / "dialogue.bin", 0x08000000)


def test_an_inference_is_loaded_run_and_measured(image: Path) -> None:
    dialogue = boot(image, "instructions")
    assert dialogue.name() == "dut-[crosscam stand-in]"
    assert dialogue.model() == "kws01"
    dialogue.load(DATA)
    inference = dialogue.infer(10, 1)
    assert inference.results == (sum(DATA) / 1000,)
    a_byte = inference.cycles(216_000_000) / (LOOPS * len(DATA))
    assert 3.5 < a_byte < 7  # load, add, count, branch; the compiler chooses
    twice = dialogue.infer(20, 0)
    assert twice.microseconds == pytest.approx(2 * inference.microseconds, abs=3)


def test_the_chips_clock_is_taken_from_the_board(image: Path) -> None:
    counted = boot(image, "instructions")
    timed = boot(image, "cortex-m7")
    for dialogue in (counted, timed):
        dialogue.load(DATA)
    assert timed.machine.timing.chip.name == "stm32f746"  # type: ignore[attr-defined]
    # The image leaves the caches off: every fetch waits for the flash.
    assert timed.infer(10).microseconds > 1.5 * counted.infer(10).microseconds


def test_board_truth_finds_nothing_in_it(image: Path) -> None:
    dialogue = boot(image, "instructions")
    dialogue.load(DATA)
    dialogue.infer(1)
    truth = BoardTruth.of(dialogue.machine)
    assert truth is not None
    assert truth.findings == []


def test_a_refused_command_is_an_error_with_the_images_words(image: Path) -> None:
    dialogue = boot(image, "instructions")
    with pytest.raises(CrosscamError, match=r"refused `nonsense`: e-\[Unknown command: nonsense\]"):
        dialogue.command("nonsense")
    with pytest.raises(CrosscamError, match="exceeds maximum"):
        dialogue.load(bytes(1000))
    assert dialogue.model() == "kws01"  # and it goes on


def test_a_missing_image_and_a_wrong_uart_are_said(image: Path, tmp_path: Path) -> None:
    with pytest.raises(CrosscamError, match="no image at"):
        boot(tmp_path / "none.bin", "instructions")
    dialogue = boot(image, "instructions")
    with pytest.raises(CrosscamError, match=r"sysbus\.timer2 is no UART"):
        Dialogue(dialogue.machine, "sysbus.timer2")


def test_an_image_that_says_nothing_is_given_up_with_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    silent = tmp_path / "silent.bin"
    silent.write_bytes((0x20010000).to_bytes(4, "little") + (0x08000009).to_bytes(4, "little") + b"\xfe\xe7")
    with pytest.raises(CrosscamError, match=r"no m-ready within 0\.01 s .* nothing at all; the core is at 0x08000008"):
        boot(silent, "instructions", timeout_seconds=0.01)
    monkeypatch.setattr("sim.mlperf.LONGEST", 0.0)
    with pytest.raises(CrosscamError, match=r"no m-ready within 0 s of wall time; .* nothing at all"):
        boot(silent, "instructions")
