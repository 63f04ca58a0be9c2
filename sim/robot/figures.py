"""Recorded cycle figures of the shipped firmware: exact for the compiler they were recorded with, for no other."""

from __future__ import annotations

import json
import re
from pathlib import Path

from elftools.elf.elffile import ELFFile
from robot.api import SkipExecution
from robot.api.deco import keyword

RECORD = Path(__file__).parents[2] / "robot_tests" / "figures.json"
REFRESH = "python -m scripts.figures"
_DISPLAY = re.compile(r"display: .* (?P<cycles>\d{1,10}) cycles a frame", re.ASCII)


def compiler_of(elf: Path) -> str:
    """What the compiler wrote into the ELF's ``.comment`` section, such as ``clang version 22.1.8``."""
    with elf.open("rb") as file:
        section = ELFFile(file).get_section_by_name(".comment")
        text = section.data() if section is not None else b""
    return next((part.decode("ascii", "replace") for part in text.split(b"\0") if part), "")


@keyword("Recorded Cycles")
def recorded_cycles(elf: str, timing: str) -> list[int]:
    """Cycles of the first frames by clock ``timing``; skips the test for firmware of another compiler or clock."""
    document = json.loads(RECORD.read_text())
    compiler = compiler_of(Path(elf))
    if compiler != document["compiler"]:
        raise SkipExecution(
            f"recorded for {document['compiler']}; this firmware was built by {compiler or 'an unknown one'}"
        )
    figures: list[int] | None = document["cycles"].get(timing)
    if figures is None:
        raise SkipExecution(f"no figures recorded for the clock {timing}; there are {', '.join(document['cycles'])}")
    return figures


def display_cycles(line: str) -> int | None:
    """What the firmware says of a picture's cost to the core in its line about the display; None: another line."""
    found = _DISPLAY.match(line)
    return None if found is None else int(found["cycles"])


@keyword("Display Should Cost About The Recorded Cycles")
def display_should_cost_about_the_recorded_cycles(line: str, timing: str) -> None:
    """Fails when a picture costs the core a tenth more or less than recorded: text and buffer make a difference."""
    recorded = json.loads(RECORD.read_text())["display"][timing]
    measured = display_cycles(line)
    if measured is None:
        raise AssertionError(f"{line[:100]!r}: expected a line about the display, with its cycles")
    if abs(measured - recorded) > recorded // 10:
        raise AssertionError(
            f"a picture costs {measured:,} cycles, recorded {recorded:,}; if that is meant, `{REFRESH}` records it"
        )


@keyword("Should Be The Recorded Cycles")
def should_be_the_recorded_cycles(measured: int, recorded: int) -> None:
    """Fails unless both are equal, and says what to do when the change is meant."""
    if measured != recorded:
        percent = 100 * (measured - recorded) / recorded
        raise AssertionError(
            f"{measured:,} cycles, recorded {recorded:,} ({percent:+.3f} %): the firmware, the compiled model or the "
            f"clock has changed; if that is meant, `{REFRESH}` records the new figures"
        )
