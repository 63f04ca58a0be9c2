"""Includes of the firmware point one way: app -> drivers, nn -> lib; of drivers the chip knows only their interface."""

from __future__ import annotations

import re
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

FIRMWARE = Path(__file__).parents[1]
ROOMS = {  # what a room may include besides itself
    "app": {"drivers", "nn", "lib"},
    "drivers": {"lib"},
    "nn": set(),
    "lib": set(),
    "chip": {"lib"},
}
INTERFACE = "drivers/hal.h"
"""What drivers want of a chip, and what its interrupt handlers tell them."""
SHARED = {"platform.h", "model_config.h", "model_weights.h"}


def includes() -> dict[str, set[str]]:
    found = {}
    for room in ROOMS:
        for path in (*FIRMWARE.glob(f"{room}/**/*.c"), *FIRMWARE.glob(f"{room}/**/*.h")):
            names = re.findall(r'^#include "(.+)"', path.read_text(encoding="utf-8"), re.MULTILINE)
            found[path.relative_to(FIRMWARE).as_posix()] = set(names)
    return found


def test_includes_point_one_way() -> None:
    wrong = [
        f"{path} includes {name}"
        for path, names in includes().items()
        for name in names - SHARED - {INTERFACE}
        if "/" in name and name.split("/")[0] not in {path.split("/")[0], *ROOMS[path.split("/")[0]]}
    ]
    assert wrong == []


def test_headers_make_no_circle() -> None:
    headers = {path: names for path, names in includes().items() if path.endswith(".h")}
    try:
        TopologicalSorter(headers).prepare()
    except CycleError as error:
        pytest.fail("headers include each other in a circle: " + " <- ".join(error.args[1]))


def test_the_chip_and_a_driver_do_not_know_each_other() -> None:
    """Units as a whole (``x.c`` with ``x.h``): not even by way of the other's header."""
    units: dict[str, set[str]] = {}
    for path, names in includes().items():
        unit = path.rsplit(".", 1)[0]
        units.setdefault(unit, set()).update(name.rsplit(".", 1)[0] for name in names if "/" in name)
        units[unit].discard(unit)
    try:
        TopologicalSorter(units).prepare()
    except CycleError as error:
        pytest.fail("units include each other in a circle: " + " <- ".join(error.args[1]))
