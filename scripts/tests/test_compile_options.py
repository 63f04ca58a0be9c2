"""``crosscam compile``: room on a chip, passes left out, and what the files say of their making."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from model.compiler.compile import SWITCHES, Options, build
from model.compiler.fit import flash_bytes, ram_bytes
from model.compiler.tests.cases_fast import fast_chain
from model.compiler.tests.host import ROOT
from model.compiler.tests.maker import Maker
from scripts.main import app

ZOO = ROOT / "model" / "zoo" / "person_car_160"


def compiled(out: Path, *options: str) -> Result:
    return CliRunner().invoke(app, ["compile", str(ZOO), "-o", str(out), *options])


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (
            ["--ram", "64"],
            "bytes of RAM, 65,536 are allowed; the peak is at 'conv_pw_1' (80x80x8 and 80x80x16); an input",
        ),
        (
            ["--ram", "110", "--optimize", "speed", "--fast-ram", "0"],
            "; tensors alone take 112,480: --optimize size has no scratch memory",
        ),
        (["--flash", "200"], "bytes of flash, 204,800 are allowed; the largest layer is 'conv_pw_13' with 68,608"),
        (["--chip", "z80"], "'z80': expected one of stm32f746, stm32h743, stm32h7a3"),
        (["--without", "luck"], "'luck': expected one of fold-float, "),
    ],
)
def test_what_does_not_fit_is_one_line(options: list[str], expected: str, tmp_path: Path) -> None:
    result = compiled(tmp_path / "out", *options)
    message = str(result.exception)
    assert result.exit_code != 0 and expected in message, message
    assert "\n" not in message and len(message) < 400
    assert not (tmp_path / "out").exists()


def test_weights_are_as_wide_as_flash_allows(tmp_path: Path) -> None:
    path, blob = ZOO / "model.tflite", (ZOO / "model.tflite").read_bytes()
    narrow = build(path, blob, Options(optimize="speed", flash=400 * 1024), shuffles=1)
    wide = build(path, blob, Options(optimize="speed"), shuffles=1)
    assert flash_bytes(narrow) <= 400 * 1024 < flash_bytes(wide)
    assert ram_bytes(wide) <= 96 * 1024
    assert compiled(tmp_path, "--optimize", "speed", "--flash", "400", "--ram", "512").exit_code == 0


def test_a_chip_is_its_sizes(tmp_path: Path) -> None:
    result = compiled(tmp_path, "--optimize", "speed", "--chip", "stm32f746")
    assert result.exit_code == 0, result.output
    head = (tmp_path / "model.c").read_text()[:600]
    assert ", optimize speed, results of litert, 32,768 bytes of fast RAM" in head
    assert (tmp_path / "model_kernels.S").read_text().count(".thumb_func") > 2


@pytest.mark.parametrize("name", SWITCHES)
def test_a_pass_can_be_left_out(name: str) -> None:
    case = fast_chain(Maker(7))
    every, without = (
        build(Path("chain.tflite"), case.blob, Options(optimize="speed", without=frozenset(names)), shuffles=1)
        for names in ((), (name,))
    )
    texts = [{effect.name: effect.text for effect in program.effects} for program in (every, without)]
    assert list(texts[0]) == list(SWITCHES)
    assert texts[0]["separable"] == "1 times two layers as one" and "channels fewer" in texts[0]["idle-channels"]
    assert texts[1][name] in ("left out", "nothing to do")
    if name == "separable":
        assert len(without.calls) == len(every.calls) + 1


def test_the_report_tells_effects(tmp_path: Path) -> None:
    output = " ".join(compiled(tmp_path, "--optimize", "speed", "--without", "drop-noops").output.split())
    assert "drop-noops (left out), idle-channels (12 channels fewer, 1," in output
    assert "arena in DTCM, scratch memory included, 98,144 bytes" in output
