"""What `crosscam run` prints at the end, on terminals of any width."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from scripts.run_verdict import Row, Verdict
from scripts.verdict_table import PROBLEMS_SHOWN, print_verdict

EQUAL = Row(
    1, "a photograph [/x] with a long name", ["person"], ["person"], [-101, -103, 95], [-101, -103, 95], 14485493, 30
)
OTHER = Row(24, "b", ["car"], ["negative"], [-8, 100, -128], [-8, 101, -128], 14485493, 30)


GRADED = Row(3, "c", [], ["R"], [101, 9], [101, 9], 14485493, 30, ("R", "trusted"), ("R", "trusted"))


def test_what_the_scores_amount_to_counts() -> None:
    assert GRADED.equal
    assert not replace(GRADED, verdict=("R", "neutral")).equal
    assert not replace(GRADED, verdict=("", "")).equal
    assert "R trusted" in shown(200, GRADED)
    assert "differs: R trusted" in shown(200, replace(GRADED, verdict=("S", "trusted")))


def shown(width: int, *rows: Row, problems: int = 0) -> str:
    screen = io.StringIO()
    console = Console(file=screen, width=width, highlight=False, markup=False)
    told = [f"line {number}: \x1b[31mdamaged" for number in range(problems)]
    print_verdict(console, Verdict(("car", "negative", "person"), list(rows), 2, told), 1.0)
    return screen.getvalue()


@pytest.mark.parametrize(
    ("width", "scores", "reference"),
    [(40, False, False), (60, False, False), (79, False, False), (88, True, False), (200, True, True)],
)
def test_the_table_fits(width: int, scores: bool, reference: bool) -> None:
    text = shown(width, EQUAL, OTHER)
    table = text[: text.index("FAIL: 1 of 2")].splitlines()
    assert all(len(line) <= width for line in table)
    assert any("24" in line and "negative" in line and "differs" in line for line in table)
    assert any("a photogra" in line and "person" in line and "equal" in line for line in table)
    assert ("-101 -103  +95" in text and "14,485,493" in text) is scores
    assert ("differs: [-8, 101, -128]" in text) is reference


def test_frames_that_a_fault_has_cost_are_told() -> None:
    screen = io.StringIO()
    verdict = Verdict(("car", "negative", "person"), [EQUAL], 1, [], ["frame 2", "frames 5 to 9"])
    print_verdict(Console(file=screen, width=80), verdict, 0.0)
    assert "left out: frame 2, frames 5 to 9\nPASS: 1 of 1" in screen.getvalue()


def test_problems_are_shown_as_plain_characters_and_counted() -> None:
    text = shown(80, EQUAL, problems=PROBLEMS_SHOWN + 3)
    assert text.count("problem: line") == PROBLEMS_SHOWN
    assert "\\x1b[31mdamaged" in text and "\x1b" not in text
    assert "and 3 problems more" in text
    assert "FAIL" in text and "23 problems" in text
