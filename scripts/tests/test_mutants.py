"""Every planted bug still fits today's source, and the page tells of each."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from scripts import mutants
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


def test_some_by_name_and_the_suites_that_look_for_them() -> None:
    (padding,) = PLAN.named(["wrong padding"])
    assert PLAN.suites_of([padding]) == PLAN.areas["compiler"]
    assert PLAN.named([]) == PLAN.mutants
    with pytest.raises(CrosscamError, match="no mutant nobody planted: expected one of wrong byte order, "):
        PLAN.named(["nobody planted"])


def test_the_page_keeps_what_was_said_of_mutants_that_were_not_planted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, planted, escaped, new = PLAN.mutants[:4]
    written = tmp_path / "mutants.md"
    written.write_text(mutants.page([(kept, "host"), (planted, "image"), (escaped, "")]), encoding="utf-8")
    monkeypatch.setattr(mutants, "PAGE", written)
    mutants.write_page(PLAN, {planted.name: "boot"})
    expected = [(kept, "host"), (planted, "boot"), (escaped, "")]
    assert written.read_text(encoding="utf-8") == mutants.page(expected)
    mutants.write_page(PLAN, {new.name: "console"})
    assert written.read_text(encoding="utf-8") == mutants.page([*expected, (new, "console")])


def test_a_suite_runs_in_the_copy_with_what_was_named_beside_the_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And compiles Python anew for each bug: a file's length and second may be another's."""
    monkeypatch.setattr(mutants, "TREE", tmp_path)
    monkeypatch.setenv("COCO_DIR", "../photographs")
    print_them = "import os, sys; print(os.getcwd(), os.environ['COCO_DIR'], sys.pycache_prefix, sep='\\n')"
    ended_well, said = mutants._run([sys.executable, "-c", print_them])
    expected = [str(tmp_path), str(mutants.ROOT.parent / "photographs"), str(mutants.COMPILED)]
    assert (ended_well, said.splitlines()) == (True, expected)
