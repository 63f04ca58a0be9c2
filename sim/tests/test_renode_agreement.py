"""The two engines side by side: the same ELF says the same on the UART, and counts the same cycles.

Skipped where no Renode 1.16 or no built firmware is; ``make test-renode`` is the longer form.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sim.boot import Board, ConsoleLog
from sim.errors import CrosscamError
from sim.renode import RenodeBoard, find_renode

ROOT = Path(__file__).parents[2]
FRAMES = ROOT / "build" / "frames" / "demo"
BUILDS = [ROOT / "build" / toolchain / "crosscam.elf" for toolchain in ("gcc", "zig")]
COUNT = 2
TOLERANCE = 0.001
_CYCLES = re.compile(r"(?<=Cycles: )\d+|\d+(?= cycles\))")


def installed() -> bool:
    try:
        find_renode()
    except CrosscamError:
        return False
    return True


def said(board: ConsoleLog) -> list[str]:
    """Boots, runs ``COUNT`` frames, stops the run, asks the console; the lines."""
    try:
        assert board.run_until(lambda: len(board.predictions) >= COUNT, 5.0)
        for command, answer in (("x", "stopped"), ("i", "480 MHz"), ("y", "E: ")):
            seen = len(board.lines)
            board.type_text(command + "\r")
            assert board.run_until(lambda: any(answer in line.text for line in board.lines[seen:]), 1.0), command  # noqa: B023
        return [line.text for line in board.lines]
    finally:
        board.close()


@pytest.mark.parametrize("elf", BUILDS, ids=["gcc", "zig"])
def test_same_lines_and_cycles(elf: Path) -> None:
    if not elf.is_file() or not (FRAMES / "frames.json").is_file():
        pytest.skip("no firmware or frames built")
    if not installed():
        pytest.skip("no Renode 1.16 or newer is installed")
    ours, theirs = said(Board(elf, FRAMES)), said(RenodeBoard(elf, FRAMES))
    assert [_CYCLES.sub("#", line) for line in ours] == [_CYCLES.sub("#", line) for line in theirs]
    for mine, other in zip(ours, theirs, strict=True):
        for here, there in zip(_CYCLES.findall(mine), _CYCLES.findall(other), strict=True):
            assert int(here) == pytest.approx(int(there), rel=TOLERANCE), mine
    assert sum(len(_CYCLES.findall(line)) for line in ours) > COUNT  # the self-test's too
