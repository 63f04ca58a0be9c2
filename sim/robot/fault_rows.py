"""Keywords that hold a board to a table of faults: what it has to say of each, and what a fault may cost.

A table is TOML, one ``[[fault]]`` a row:
    inject    the fault, as ``crosscam run --fault`` takes it; several that go wrong in one run with `` & `` between
    says      what the console has to say, in this order; parts of lines
    then      ``goes on``, ``recovers``, ``starts anew`` (predictions come afterwards, their scores the reference's),
              ``stops`` (no more predictions, and the console answers), ``waits`` (for a watchdog or a repair)
    lost      frames that no prediction came of (0), counted by the console's own words and the frames' numbers
    wrong     predictions that may have other scores than the reference's (0)
    seconds   virtual time for all of it (4)
    smoke     in the quick selection
    renode    Renode can do it, too: the camera's script plays it
    why       what the board does about it; for docs
"""

from __future__ import annotations

import json
import re
import time
import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from robot.api.deco import keyword, library
from robot.libraries.BuiltIn import BuiltIn

from sim.console import Prediction, is_banner
from sim.errors import CrosscamError, shown
from sim.faults.camera import BEGIN_FAULT, value_of
from sim.faults.kinds import kind_of
from sim.faults.order import Order
from sim.text import number_of, printable
from sim.verdict import Photograph

CAMERA, UART = "sysbus.ov7670", "sysbus.usart3"
_CAPTURED_COUNT, _CAPTURED_INDEX = 0x10, 0x11
_GOES_ON = ("goes on", "recovers", "starts anew")
ENDINGS = (*_GOES_ON, "stops", "waits")
_AND = " & "
_AFTERWARDS = 3
"""Predictions that have to come after a fault is over."""
_LOST = re.compile(r", (\d+) lost so far\)", re.ASCII)
_SLICE = 0.02
"""Seconds of virtual time between two looks at the host's clock: in a storm of interrupts, where nothing but handlers
run, a second may take minutes."""
_RENODES_SLICE = 0.1  # each look costs more there
_LONGEST, _RENODES_LONGEST = 300.0, 600.0
"""Seconds of wall time for a row, whatever the fault makes of the board; a storm takes 33 s where ten programs share
two cores."""
_SILENCE = 0.5  # s: a board that stopped says nothing of frames for so long


@dataclass(frozen=True)
class Row:
    """One row of the table."""

    inject: str
    says: list[str]
    then: str
    lost: int = 0
    wrong: int = 0
    seconds: float = 4.0
    smoke: bool = False
    renode: bool = False
    why: str = ""

    @property
    def orders(self) -> list[Order]:
        """What to inject."""
        return [Order.parse(each) for each in self.inject.split(_AND)]

    @property
    def family(self) -> str:
        """What goes wrong, or what does first: ``camera``, ``irq``, ..."""
        return self.inject.partition(".")[0]


def read_rows(path: Path) -> list[Row]:
    """The rows of a table.

    Raises:
        CrosscamError: it cannot be read, a row has unknown or missing entries.
    """
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))["fault"]
    except (OSError, ValueError, KeyError) as error:
        raise CrosscamError(f"{path}: no table of faults ({shown(error, 80)}): expected TOML with [[fault]]") from error
    known = {each.name for each in fields(Row)}
    rows = []
    for number, entries in enumerate(found, start=1):
        strange = sorted(set(entries) - known)
        if strange or not {"inject", "says", "then"} <= set(entries) or entries["then"] not in ENDINGS:
            what = (
                f"{strange[0]} is unknown"
                if strange
                else "expected inject, says and then, one of " + ", ".join(ENDINGS)
            )
            raise CrosscamError(f"{path}: fault {number}: {what}")
        rows.append(Row(**entries))
    return rows


@dataclass
class _Course:
    """What happened on the console since the fault."""

    reference: list[dict[str, Any]]
    lines: list[str] = field(default_factory=list)
    predictions: list[Prediction] = field(default_factory=list)  # since the last start
    said: int = 0  # lines of the row that came
    afterwards: int = 0  # predictions since the last of them
    wrong: int = 0
    lost: int = 0
    lost_before: int = 0  # of starts before the last
    given_up: str = ""  # why it was not followed to its end

    def take(self, line: str, row: Row, photograph: Photograph) -> None:
        self.lines.append(line)
        if self.said < len(row.says) and row.says[self.said] in line:
            self.said += 1
            self.afterwards = 0
        if is_banner(line):
            self.lost_before += self.lost
            self.lost = 0
            self.predictions.clear()
        found = _LOST.search(line)
        if found is not None:
            self.lost = max(self.lost, int(found[1]))
        prediction = Prediction.parse(line)
        if prediction is not None:
            self.predictions.append(prediction)
            self.afterwards += self._is_right(prediction, photograph)

    def _is_right(self, prediction: Prediction, photograph: Photograph) -> bool:
        """Whether the scores are those of the photograph the frame's number says."""
        index = photograph(prediction.frame - 1)
        known = self.reference[index]["scores"] if index is not None and index < len(self.reference) else None
        if list(prediction.scores) == known:
            return True
        self.wrong += 1
        return False

    @property
    def all_lost(self) -> int:
        """Frames that were asked of the camera and came to nothing: those the board has counted, or left out of its
        numbers."""
        skipped = self.predictions[-1].frame - len(self.predictions) if self.predictions else 0
        return self.lost_before + max(self.lost, skipped)


@library(scope="TEST")
class fault_rows:  # noqa: N801 - `Library  sim.robot.fault_rows` finds the class by the module's name
    """Needs the keywords ``Prepare Board`` and Renode's for a terminal."""

    @keyword("Fault Rows")
    def fault_rows(self, table: str, family: str = "", smoke: bool = False, renode: bool = False) -> list[Row]:
        """The rows of a table: of one family, of the quick selection, of those that Renode can do."""
        rows = [row for row in read_rows(Path(table)) if not family or row.family in family.split()]
        rows = [row for row in rows if (row.smoke or not smoke) and (row.renode or not renode)]
        if not rows:
            raise AssertionError(f"{table}: no such row: expected some of family {family or 'any'}")
        return rows

    @keyword("Fault Should Be Answered")
    def fault_should_be_answered(self, row: Row, frames: str) -> None:
        """Boots the board with the fault and fails unless it says, does and loses what the row says."""
        builtin = BuiltIn()
        builtin.log(row.inject)
        builtin.run_keyword("Reset Emulation")
        builtin.run_keyword("Prepare Board", frames)
        for order in row.orders:
            self._inject(order)
        builtin.run_keyword("Start Emulation")
        reference = json.loads((Path(frames) / "reference.json").read_text(encoding="utf-8"))["frames"]
        course = self._follow(row, _Course(reference))
        if row.then == "stops" and course.said == len(row.says):
            self._should_be_stopped(row)
        self._judge(row, course)

    def _inject(self, order: Order) -> None:
        builtin = BuiltIn()
        if builtin.get_variable_value("${TIMING}") != "renode":
            pairs = [f"{name}={value}" for name, value in order.arguments.items()]
            builtin.run_keyword("Inject Fault", order.kind, *pairs, f"when={order.moment.spelling}")
            return
        arguments = kind_of(order.kind).read_arguments(order.arguments)
        first = order.moment.number if order.moment.kind == "frame" else 0
        value = value_of(order.kind, arguments, first)
        builtin.run_keyword("Execute Command", f"{CAMERA} ControlRead {BEGIN_FAULT} {value}")

    def _follow(self, row: Row, course: _Course) -> _Course:
        """Lines until the row is done, or its time is over."""
        builtin = BuiltIn()
        on_renode = builtin.get_variable_value("${TIMING}") == "renode"
        piece, wall = (_RENODES_SLICE, _RENODES_LONGEST) if on_renode else (_SLICE, _LONGEST)
        passed, deadline = 0.0, time.monotonic() + wall
        while passed < row.seconds and not self._is_done(row, course):
            if time.monotonic() >= deadline:
                course.given_up = f"{wall:g} s of wall time are over at {passed:.3g} s of virtual time"
                break
            ended, line = builtin.run_keyword_and_ignore_error(
                "Wait For Next Line On Uart", f"timeout={piece}", "pauseEmulation=true"
            )  # Renode's scripts are not to be asked while the machine runs in another thread
            if ended == "PASS":
                passed = max(passed, float(line.Timestamp) / 1000)
                course.take(line.Line, row, self._photograph)
            else:
                passed += piece
        return course

    @staticmethod
    def _is_done(row: Row, course: _Course) -> bool:
        if course.said < len(row.says):
            return False
        return row.then not in _GOES_ON or course.afterwards >= _AFTERWARDS

    def _should_be_stopped(self, row: Row) -> None:
        builtin = BuiltIn()
        builtin.run_keyword("Should Not Be On Uart", "| Frame:", f"timeout={_SILENCE}")
        builtin.run_keyword("Write Line To Uart", "i")
        builtin.run_keyword("Wait For Line On Uart", "frames:")

    def _judge(self, row: Row, course: _Course) -> None:
        problems = [course.given_up] if course.given_up else []
        if course.said < len(row.says):
            problems.append(f'the board did not say "{row.says[course.said]}"')
        elif row.then in _GOES_ON and course.afterwards < _AFTERWARDS:
            problems.append(f"{course.afterwards} right predictions came afterwards, expected {_AFTERWARDS}")
        if course.all_lost != row.lost:
            problems.append(f"{number_of(course.all_lost, 'frame')} lost, expected {row.lost}")
        if course.wrong > row.wrong:
            problems.append(f"{course.wrong} predictions were wrong, expected at most {row.wrong}")
        if problems:
            said = "\n".join(printable(line, 160) for line in course.lines)
            raise AssertionError(f"{row.inject}: {'; '.join(problems)}. The board said:\n{said}")

    def _photograph(self, number: int) -> int | None:
        """Index of the ``number``-th photograph (from 0) that was captured since the last start; None: not so many."""
        return self._camera(_CAPTURED_INDEX, number) if number < self._camera(_CAPTURED_COUNT, 0) else None

    def _camera(self, command: int, value: int) -> int:
        answer = str(BuiltIn().run_keyword("Execute Command", f"{CAMERA} ControlRead {command} {value}"))
        return int(answer.split()[0], 0)
