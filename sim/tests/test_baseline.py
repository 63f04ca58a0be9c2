"""Recorded figures: what passes, what fails, what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sim.errors import CrosscamError
from sim.profile.baseline import Baseline, Conditions, Tolerances, compare

RECORDED = {
    "cycles": {"all": 1_000_000},
    "functions": {"f": 100_000, "g": 200},
    "stacks": {"MSP": 512},
    "memories": {"ram": 4096},
    "flash": {"image": 9000},
}


def changed(**kinds: dict[str, int]) -> dict[str, dict[str, int]]:
    return {**RECORDED, **kinds}


def failures(now: dict[str, dict[str, int]], **tolerances: float) -> set[str]:
    baseline = Baseline(Conditions(), Tolerances(**tolerances), RECORDED)
    return {f"{row.kind}.{row.name}" for row in compare(baseline, now) if not row.passed}


def test_the_same_holds() -> None:
    assert failures(RECORDED) == set()


@pytest.mark.parametrize(
    ("now", "tolerances", "failed"),
    [
        (changed(stacks={"MSP": 513}), {}, {"stacks.MSP"}),
        (changed(stacks={"MSP": 513}), {"stacks": 1.0}, set()),
        (changed(stacks={"MSP": 100}), {}, set()),
        (changed(functions={"f": 102_500, "g": 200}), {}, set()),  # 2 % and a 2,000th of all cycles
        (changed(functions={"f": 102_501, "g": 200}), {}, {"functions.f"}),
        (changed(functions={"f": 100_000, "g": 704}), {}, set()),
        (changed(functions={"f": 100_000, "g": 705}), {}, {"functions.g"}),
        (changed(functions={"f": 100_000, "new": 501}), {}, {"functions.new"}),
        (changed(functions={"f": 100_000, "new": 500}), {}, set()),
        (changed(flash={"image": 9001}, memories={"ram": 4097}), {}, {"flash.image", "memories.ram"}),
        (changed(cycles={"all": 1_010_001}), {}, {"cycles.all"}),
        (changed(memories={"other": 1}), {}, {"memories.other"}),
    ],
)
def test_only_what_grew_beyond_its_tolerance_fails(
    now: dict[str, dict[str, int]], tolerances: dict[str, float], failed: set[str]
) -> None:
    assert failures(now, **tolerances) == failed


def test_failures_come_first_and_what_is_gone_is_shown() -> None:
    rows = compare(Baseline(Conditions(), Tolerances(), RECORDED), changed(functions={"h": 5000}))
    assert (rows[0].kind, rows[0].name, rows[0].recorded, rows[0].now) == ("functions", "h", None, 5000)
    gone = next(row for row in rows if row.name == "f")
    assert gone.passed and gone.now is None and gone.change is None


def test_a_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    baseline = Baseline(Conditions(board="b.resc", seconds=0.5), Tolerances(stacks=3.0), RECORDED)
    (tmp_path / "b.json").write_text(json.dumps(baseline.document()))
    assert Baseline.read(tmp_path / "b.json") == baseline


def _document(**changes: Any) -> dict[str, Any]:
    return {**Baseline(Conditions(), Tolerances(), RECORDED).document(), **changes}


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([], "no baseline of this version"),
        (_document(format="other"), "no baseline of this version"),
        (_document(figures={}), "figures: expected an object with cycles"),
        (_document(figures={**RECORDED, "flash": {"image": -1}}), "expected a whole number"),
        (_document(figures={**RECORDED, "flash": {"image": True}}), "expected a whole number"),
        (_document(tolerances={"speed": 1}), "tolerances.'speed' is not known"),
        (_document(tolerances={"cycles": -1}), "tolerances.cycles is -1"),
        (_document(conditions={"count": 0}), "conditions.count is 0"),
        (_document(conditions={"board": 5}), "conditions.board is 5"),
    ],
)
def test_what_is_no_baseline_is_one_line(document: object, message: str, tmp_path: Path) -> None:
    (tmp_path / "b.json").write_text(json.dumps(document))
    with pytest.raises(CrosscamError, match=message):
        Baseline.read(tmp_path / "b.json")
