"""``[use]`` of a card: read back, checked against labels and input, and documented key by key."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from model.card import read_card, write_card
from model.errors import LONGEST_MESSAGE, CrosscamError
from model.tests.test_card import CARD
from model.use import KEYS, SCALINGS, Use, read_use, scaling_of

PAGE = Path(__file__).parents[2] / "docs" / "shelf.md"
LABELS = ("car", "negative", "person")


def read(**table: Any) -> Use:
    return read_use("card.toml", table, LABELS, 1 / 128, 0)


def test_a_written_table_reads_back(tmp_path: Path) -> None:
    use = Use(source="https://example.org/m.tflite", top=3, background="negative", scaling="symmetric", overlap=0.25)
    write_card(replace(CARD, use=use), tmp_path)
    assert read_card(tmp_path).use == use
    assert read_use("card.toml", None, LABELS, 1.0, 0) == Use() == read()


@pytest.mark.parametrize(
    "table",
    [
        {"top": 0}, {"top": True}, {"top": 2.5}, {"score_threshold": "1"}, {"score_scale": 0}, {"label_offset": 5000},
        {"background": "dog"}, {"background": 1}, {"scaling": "unit"}, {"scaling": "half"}, {"numbers": "int4"},
        {"graph": ["classifier"]}, {"overlap": 1.5}, {"engine": "mine"}, {"source": "a\nb"}, {"threshold": 1},
        {"topK": 5},
    ],
)  # fmt: skip
def test_bad_tables(table: dict[str, Any]) -> None:
    with pytest.raises(CrosscamError) as caught:
        read(**table)
    assert len(str(caught.value)) <= LONGEST_MESSAGE and f"[use] {next(iter(table))}" in str(caught.value)
    with pytest.raises(CrosscamError, match="section"):
        read_use("card.toml", [1], LABELS, 1.0, 0)


@pytest.mark.parametrize(
    ("scale", "zero_point", "scaling"),
    [
        (1 / 255, -128, "unit"),
        (1 / 128, 0, "symmetric"),
        (2 / 255, -1, "symmetric"),
        (1.0, -128, "bytes"),
        (0.1, 3, "other"),
    ],
)
def test_the_scaling_an_input_has(scale: float, zero_point: int, scaling: str) -> None:
    assert scaling_of(scale, zero_point) == scaling
    assert read_use("card.toml", {"scaling": scaling}, LABELS, scale, zero_point).scaling == scaling
    for other in set(SCALINGS) - {scaling, "other"}:
        with pytest.raises(CrosscamError, match=scaling):
            read_use("card.toml", {"scaling": other}, LABELS, scale, zero_point)


def test_every_key_is_documented() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| ([^|]*?) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
    defaults = {each.name: each.default for each in fields(Use)}
    assert list(rows) == list(defaults) == list(KEYS)
    assert {name: text.strip("`") for name, text in rows.items()} == {
        name: f"'{value}'" if isinstance(value, str) else str(value) for name, value in defaults.items()
    }
