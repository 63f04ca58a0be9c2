"""Budgets: what is above them is told with the layer that did it; files are read strictly and written whole."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import pytest

from sim.budget import KINDS, Budgets
from sim.errors import CrosscamError

RECORD = Path(__file__).parents[2] / "robot_tests" / "budgets.toml"
GCC = "GCC: (15) 12.2"
FIGURES = {
    "cycles": {"frame": 1_000_000},
    "layers": {"00 conv1": 600_000, "01 head": 1_000, "camera path": 300_000},
    "boot": {"banner": 30_000, "first frame": 450_000},
    "stack": {"deepest": 700},
    "memory": {"flash": 540_000, "AXI SRAM": 300_000},
}


def budgets() -> Budgets:
    return Budgets(builds={GCC: deepcopy(FIGURES)})


def test_what_is_as_it_was_holds() -> None:
    assert all(row.passed for row in budgets().compare(GCC, FIGURES))


def test_the_layer_that_costs_more_is_named_first_behind_the_frame() -> None:
    now = deepcopy(FIGURES)
    now["layers"]["00 conv1"] += 9_000
    now["layers"]["01 head"] += 4  # 0.4 %: within its tolerance
    now["cycles"]["frame"] += 9_000
    failed = [(row.kind, row.name) for row in budgets().compare(GCC, now) if not row.passed]
    assert failed == [("cycles", "frame"), ("layers", "00 conv1")]


@pytest.mark.parametrize(
    ("kind", "name", "more", "holds"),
    [
        ("stack", "deepest", 1, False),
        ("memory", "flash", 1, False),
        ("memory", "flash", -1, True),
        ("boot", "first frame", 4_500, True),
        ("boot", "first frame", 4_501, False),
        ("cycles", "frame", 2_000, True),
        ("cycles", "frame", 2_001, False),
    ],
)
def test_each_kind_has_its_tolerance(kind: str, name: str, more: int, holds: bool) -> None:
    now = deepcopy(FIGURES)
    now[kind][name] += more
    assert all(row.passed for row in budgets().compare(GCC, now)) == holds


def test_a_layer_nobody_has_budgeted_for_fails_and_one_that_is_gone_does_not() -> None:
    now = deepcopy(FIGURES)
    now["layers"]["02 new"] = 10
    del now["layers"]["01 head"]
    failed = [row.name for row in budgets().compare(GCC, now) if not row.passed]
    assert failed == ["02 new"]


def test_a_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    before = budgets()
    before.builds['clang "x"'] = deepcopy(FIGURES)
    before.tolerances["layers"] = 2.5
    before.write(tmp_path / "budgets.toml")
    assert Budgets.read(tmp_path / "budgets.toml") == before


def test_another_compiler_has_other_budgets() -> None:
    with pytest.raises(CrosscamError, match="no budget for firmware of clang"):
        budgets().compare("clang version 22", FIGURES)


@pytest.mark.parametrize(
    "text",
    ["", "[[build", "[[build]]\ncompiler = 'x'", "build = 3",
     "[[build]]\ncompiler = 'x'\n[build.cycles]\nframe = 'many'", "build = []\n[tolerance]\nspeed = 1",
     "build = []\n[tolerance]\ncycles = nan", "build = []\ntiming = 3"],
)  # fmt: skip
def test_what_is_no_file_of_budgets_is_said_in_one_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "budgets.toml"
    path.write_text(text)
    with pytest.raises(CrosscamError) as caught:
        Budgets.read(path)
    assert "\n" not in str(caught.value) and str(path) in str(caught.value)


def test_the_shipped_file_holds_budgets_of_every_kind() -> None:
    shipped = Budgets.read(RECORD)
    assert len(shipped.builds) == 2
    for figures in shipped.builds.values():
        assert set(figures) == set(KINDS) and len(figures["layers"]) == 20
