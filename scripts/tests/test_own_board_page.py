"""docs/own-board.md does what it says: its files are written, its commands run, their outputs held against the page."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.tests.conftest import ROOT
from sim.tests.firmware_bench import need

PAGE = ROOT / "docs" / "own-board.md"
_BLOCK = re.compile(r"(?:`([\w.]+)`:\n\n)?^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_NUMBER = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?(?:e-?\d+)?\b")


def _normal(text: str) -> str:
    """Times and counts vary with the host; blanks do not matter."""
    return " ".join(_NUMBER.sub("N", text).split())


def _run(command: str, folder: Path) -> str:
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    environment = os.environ | {"PATH": path, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, shell=True, cwd=folder, env=environment, timeout=120, check=False, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    return done.stdout


def _agrees(expected: str, said: str) -> bool:
    """``...`` on a line of its own stands for any lines."""
    parts = [re.escape(_normal(part)) for part in re.split(r"^\.\.\.$", expected, flags=re.MULTILINE)]
    return re.fullmatch(".*".join(parts), _normal(said)) is not None


@pytest.mark.slow
def test_every_file_and_command_of_the_page(tmp_path: Path) -> None:
    need("gcc")
    commands = 0
    for name, language, content in _BLOCK.findall(PAGE.read_text()):
        if name:
            with (tmp_path / name).open("a") as file:
                file.write(f"\n{content}" if file.tell() else content)
        for session in content.split("$ ")[1:] if language == "console" else []:
            command, _, expected = session.partition("\n")
            said = _run(command, tmp_path)
            assert _agrees(expected, said), f"{command}\n{said}"
            commands += 1
    assert commands == 6


def test_a_wrong_output_would_be_noticed() -> None:
    assert _agrees("one\n...\nlast 3\n", "one\ntwo\nlast 17\n")
    assert not _agrees("one\n...\nlast\n", "one\ntwo\nlost\n")
    assert not _agrees("0x40 is there\n", "0x44 is there\n")
