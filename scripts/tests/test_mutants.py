"""Every planted bug still fits today's source, and the page tells of each."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from scripts.mutants import PAGE, ROOT, Mutant, Plan
from sim.errors import CrosscamError

PLAN = Plan.read()


def test_there_are_enough_and_each_has_its_suites() -> None:
    assert len(PLAN.mutants) >= 25
    assert len({mutant.name for mutant in PLAN.mutants}) == len(PLAN.mutants)
    assert {name for names in PLAN.areas.values() for name in names} == set(PLAN.suites)


@pytest.mark.parametrize("mutant", PLAN.mutants, ids=lambda mutant: mutant.name)
def test_every_mutant_applies(mutant: Mutant, tmp_path: Path) -> None:
    assert PLAN.areas[mutant.area]
    target = tmp_path / mutant.file
    target.parent.mkdir(parents=True)
    shutil.copy(ROOT / mutant.file, target)
    before = mutant.apply(tmp_path)
    assert target.read_text(encoding="utf-8") != before
    with pytest.raises(CrosscamError, match="expected once"):
        Mutant(mutant.name, mutant.area, mutant.file, "\0", "", "").apply(tmp_path)


def test_the_page_names_every_mutant_and_none_got_away() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert [line.split(" | ")[0][2:] for line in text.splitlines() if line.startswith("| ")][1:] == [
        mutant.name for mutant in PLAN.mutants
    ]
    assert "**nothing**" not in text
