"""Warnings and board-truth findings of a run: the first ones shown at once, all counted."""

from __future__ import annotations

import dataclasses
import enum
import logging
from collections.abc import Callable
from types import TracebackType

from sim.engine.logs import RateLimit, Repeated
from sim.engine.machine import Machine
from sim.engine.truth import BoardTruth, Finding
from sim.text import printable

KINDS_SHOWN = 20
"""Kinds of messages shown while they come."""
EACH_SHOWN = 3
"""Messages of a kind, which is one place in the code of one device, shown while they come."""
SUMMARY_ROWS = 8
_LONGEST = 240  # characters
_ROOT = "sim"
_TRUTH = "sim.truth"


class WarningLog(logging.Handler):
    """A context: while it is entered, ``show`` gets a line for each of the first warnings, errors and findings.

    ``show`` may be replaced.
    """

    def __init__(self, show: Callable[[str], None]) -> None:
        super().__init__(logging.WARNING)
        self.show = show
        self._places: dict[tuple[str, str, int], int] = {}
        self._counts: dict[tuple[str, str, int], int] = {}
        self._unlimited: dict[str, Repeated] = {}  # of loggers the machine does not count for

    def __enter__(self) -> WarningLog:
        logging.getLogger(_ROOT).addHandler(self)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        logging.getLogger(_ROOT).removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Show an entry, or count it (``logging.Handler``)."""
        text = record.getMessage()
        if record.name != _TRUTH and not _is_counted(record.name):
            seen = self._unlimited.setdefault(f"{record.name}: {text}", Repeated(record.name, text, 0))
            seen.count += 1
        kind = (record.name, record.pathname, record.lineno)
        place = self._places.setdefault(kind, len(self._places))
        count = self._counts[kind] = self._counts.get(kind, 0) + 1
        if place < KINDS_SHOWN and count <= EACH_SHOWN:
            self.show(_worded(record.name, text))

    def messages(self, machine: Machine) -> list[Repeated]:
        """All there were, most frequent first."""
        return sorted([*machine.warnings, *self._unlimited.values()], key=lambda each: -each.count)

    def summary(self, machine: Machine) -> list[str]:
        """Lines for the end of a run: how many there were, of what kind; none when there were none."""
        messages = self.messages(machine)
        findings = len(_found(machine))
        lines = []
        if findings:
            lines.append(f"{_count(findings, 'board finding')}: what a board would have got wrong")
        if messages:
            total = sum(each.count for each in messages)
            kinds = f"{_count(total, 'warning')} of {_count(len(messages), 'kind')}"
            lines.append(kinds + (", most frequent first:" if total > EACH_SHOWN else ""))
            if total > EACH_SHOWN:
                lines += [f"  {each.count:>7}  {_worded(each.source, each.text)}" for each in messages[:SUMMARY_ROWS]]
                if len(messages) > SUMMARY_ROWS:
                    lines.append(f"  and {len(messages) - SUMMARY_ROWS} more kinds")
        return lines


def findings(machine: Machine) -> list[dict[str, object]]:
    """The board-truth findings, for JSON."""
    return [
        {field.name: _plain(getattr(finding, field.name)) for field in dataclasses.fields(finding)}
        for finding in _found(machine)
    ]


def _found(machine: Machine) -> list[Finding]:
    truth = BoardTruth.of(machine)
    return truth.findings if truth is not None else []


def _count(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")


def _plain(value: object) -> object:
    if isinstance(value, enum.Enum):
        return value.value
    return value if value is None or isinstance(value, int | float | str | bool) else str(value)


def _worded(source: str, text: str) -> str:
    name = source.removeprefix(f"{_ROOT}.")
    kind = "finding" if source == _TRUTH else f"warning: {name}"
    return printable(f"{kind}: {text}", _LONGEST)


def _is_counted(name: str) -> bool:
    return any(isinstance(each, RateLimit) for each in logging.getLogger(name).filters)
