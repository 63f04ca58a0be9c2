"""The model selection table."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

pytest.importorskip("tensorflow")

from model.deployment.selection import COLUMNS, append
from model.errors import CrosscamError


def test_rows_are_added_and_replaced_by_name(tmp_path: Path) -> None:
    table = tmp_path / "new" / "models.csv"
    for run, value in (("first", 0.5), ("second", 0.6), ("first", 0.7)):
        append(table, dict.fromkeys(COLUMNS, value) | {"run": run})
    with table.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [(row["run"], row["AUC"]) for row in rows] == [("first", "0.7"), ("second", "0.6")]
    markdown = table.with_suffix(".md").read_text(encoding="utf-8").splitlines()
    assert markdown[0].startswith("| run | network | alpha |")
    assert markdown[2].startswith("| first | 0.7 |") and len(markdown) == 4


def test_another_table_is_not_overwritten(tmp_path: Path) -> None:
    table = tmp_path / "shopping.csv"
    table.write_text("what,much\nmilk,2\n", encoding="utf-8")
    with pytest.raises(CrosscamError, match="expected the columns of a model selection table"):
        append(table, dict.fromkeys(COLUMNS, 1))
    assert table.read_text(encoding="utf-8") == "what,much\nmilk,2\n"
