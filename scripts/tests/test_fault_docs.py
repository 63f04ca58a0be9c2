"""docs/faults.md is what the tables say, and every row of them can be asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.fault_docs import ERRORS, PAGE, TABLE, page
from sim.errors import CrosscamError
from sim.robot.fault_rows import read_rows


def test_the_page_is_made_of_the_tables_as_they_are() -> None:
    made = page(read_rows(TABLE), ERRORS.read_text(encoding="utf-8"))
    assert PAGE.read_text(encoding="utf-8") == made, "`python -m scripts.fault_docs` makes it anew"


def test_the_table_has_forty_kinds_and_each_error_a_row_says_is_one() -> None:
    rows = read_rows(TABLE)
    assert len({order.kind for row in rows for order in row.orders}) >= 40
    header = ERRORS.read_text(encoding="utf-8")
    for row in rows:
        for said in row.says:
            if said.startswith("E: "):
                assert f"X({said.split()[1]}," in header, said
    assert len({row.inject for row in rows}) == len(rows)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[fault]]\ninject = 'camera.absent'\nsays = []\n", "expected inject, says and then"),
        ("[[fault]]\ninject = 'camera.absent'\nsays = []\nthen = 'recovers'\nfast = 1\n", "fast is unknown"),
        ("[[fault", "no table of faults"),
        ("", "no table of faults"),
    ],
)
def test_what_is_no_table_is_said(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "faults.toml"
    path.write_text(text)
    with pytest.raises(CrosscamError, match=words):
        read_rows(path)
