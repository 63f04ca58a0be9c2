"""Suites that run again and again: a test that is not of one mind is told, and fails the run."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.errors import CrosscamError
from sim.robot.repeat import run_again
from sim.robot.runner import run_suites

SUITE = """
*** Test Cases ***
Always
    No Operation

Now And Then
    ${before}=    Evaluate    __import__('os').path.exists(r'{mark}')
    Evaluate    open(r'{mark}', 'w').close()
    Should Be True    ${before}

Left Out
    Skip    not today
"""


def test_a_verdict_that_differs_is_told(tmp_path: Path) -> None:
    suite = tmp_path / "moody.robot"
    suite.write_text(SUITE.replace("{mark}", str(tmp_path / "mark")))
    told: list[str] = []
    status = run_again(lambda folder: run_suites([suite], output=folder), 2, tmp_path / "out", told.append)
    assert status == 1
    assert told == [
        "run 1 of 2: 1 passed, 1 failed, 1 skipped; no verdicts differ so far",
        "run 2 of 2: 2 passed, 0 failed, 1 skipped; 1 verdict differs so far",
        "Moody.Now And Then: 1 fail, 1 pass",
    ]
    assert (tmp_path / "out" / "2" / "log.html").is_file()
    for report in ("xunit.xml", "output.xml", "log.html", "report.html"):  # of the run with a failed test
        assert (tmp_path / "out" / report).read_bytes() == (tmp_path / "out" / "1" / report).read_bytes()


@pytest.mark.parametrize(
    ("runs", "status"),
    [
        (["<testcase classname='S' name='a'/>"] * 2, 0),
        (["<testcase classname='S' name='a'><failure/></testcase>"] * 2, 1),  # always the same, and red
        (["<testcase classname='S' name='a'/>", ""], 1),  # it was not there
        (["<testcase classname='S' name='a'/>", "<testcase classname='S' name='a'><skipped/></testcase>"], 1),
    ],
)
def test_the_status_is_of_all_runs(runs: list[str], status: int, tmp_path: Path) -> None:
    left = iter(runs)

    def run(folder: Path) -> int:
        folder.mkdir(parents=True)
        (folder / "xunit.xml").write_text(f"<testsuite>{next(left)}</testsuite>")
        return 0

    assert run_again(run, len(runs), tmp_path, lambda line: None) == status


def test_runs_that_cannot_be_made_are_not_repeated(tmp_path: Path) -> None:
    suite = tmp_path / "empty.robot"
    suite.write_text("*** Test Cases ***\n")
    folders: list[Path] = []

    def run(folder: Path) -> int:
        folders.append(folder)
        return run_suites([suite], output=folder)

    assert run_again(run, 3, tmp_path / "out", print) == 252
    assert len(folders) == 1
    with pytest.raises(CrosscamError, match="no results of a run"):
        run_again(lambda folder: 0, 2, tmp_path / "none", print)
