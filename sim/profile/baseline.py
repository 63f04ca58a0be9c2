"""Figures of a profile held against recorded ones: cycles by function, stacks, memories, flash."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from sim.engine.observe.record.names import SLEEP_NAME
from sim.errors import CrosscamError
from sim.profile.profiler import Profile
from sim.reading import MEGABYTE, UnreadableError, plain_bytes, quoted

FORMAT = "crosscam-baseline-1"
LARGEST = 16 * MEGABYTE
LEAST_SHARE = 0.0005
"""Of all cycles: what a function may take more, whatever its tolerance; a handful of calls is no regression."""
KINDS = ("cycles", "functions", "stacks", "memories", "flash")
_LARGEST_FIGURE = 1 << 62


@dataclass(frozen=True)
class Conditions:
    """How the figures were had; other conditions give other figures. Paths as they were given."""

    board: str | None = None
    frames: str | None = None
    count: int = 1
    seconds: float = 0.1
    skip: float = 0.0
    timing: str = "cortex-m7"


@dataclass(frozen=True)
class Tolerances:
    """By how many percent a figure may be above the recorded one."""

    cycles: float = 1.0
    functions: float = 2.0
    stacks: float = 0.0
    memories: float = 0.0
    flash: float = 0.0


@dataclass
class Baseline:
    """``figures``: kind (of KINDS) -> name -> cycles or bytes."""

    conditions: Conditions
    tolerances: Tolerances
    figures: dict[str, dict[str, int]] = field(default_factory=dict)

    def document(self) -> dict[str, object]:
        """What is written to the file."""
        figures = {kind: dict(sorted(self.figures.get(kind, {}).items())) for kind in KINDS}
        return {
            "format": FORMAT,
            "conditions": asdict(self.conditions),
            "tolerances": asdict(self.tolerances),
            "figures": figures,
        }

    @classmethod
    def read(cls, path: Path) -> Baseline:
        """A recorded file.

        Raises:
            CrosscamError: it cannot be read, or is none.
        """
        try:
            data = json.loads(plain_bytes(path, LARGEST))
        except (OSError, UnreadableError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise CrosscamError(
                f"{path}: cannot be read ({reason}); record one with `crosscam baseline update {path}`"
            ) from error
        except (ValueError, RecursionError) as error:
            raise CrosscamError(f"{path}: no JSON ({type(error).__name__}); expected a recorded baseline") from error
        if not isinstance(data, dict) or data.get("format") != FORMAT:
            raise CrosscamError(f"{path}: no baseline of this version; record it with `crosscam baseline update`")
        conditions = _filled(path, Conditions(), data.get("conditions"), "conditions")
        tolerances = _filled(path, Tolerances(), data.get("tolerances"), "tolerances")
        return cls(conditions, tolerances, _figures(path, data.get("figures")))


def _filled(path: Path, default: Any, given: object, what: str) -> Any:
    """``default`` with the entries of ``given``, each of the type it has there."""
    if not isinstance(given, dict):
        raise CrosscamError(f"{path}: {what} is {quoted(given)}; expected an object")
    known = asdict(default)
    for name, value in given.items():
        if name not in known:
            raise CrosscamError(f"{path}: {what}.{quoted(name)} is not known; expected one of {', '.join(known)}")
        if not _fits(known[name], value):
            raise CrosscamError(
                f"{path}: {what}.{name} is {quoted(value)}; expected a value like {quoted(known[name])}"
            )
    return type(default)(**known | given)


def _fits(default: object, value: object) -> bool:
    if default is None or isinstance(default, str):
        return isinstance(value, str) or (default is None and value is None)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    if isinstance(default, int):
        return isinstance(value, int) and 1 <= value < 1 << 31
    return 0 <= value < 1e9 and math.isfinite(value)


def _figures(path: Path, given: object) -> dict[str, dict[str, int]]:
    if not isinstance(given, dict) or set(given) != set(KINDS):
        raise CrosscamError(f"{path}: figures: expected an object with {', '.join(KINDS)}")
    for kind, rows in given.items():
        if not isinstance(rows, dict):
            raise CrosscamError(f"{path}: figures.{kind} is {quoted(rows)}; expected an object")
        for name, value in rows.items():
            if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _LARGEST_FIGURE:
                raise CrosscamError(
                    f"{path}: figures.{kind}.{quoted(name)} is {quoted(value)}; expected a whole number"
                )
    return given


def figures_of(profile: Profile) -> dict[str, dict[str, int]]:
    """The figures of a profile that a baseline holds. Functions of one name count together; sleep is none: more of it
    is no regression."""
    functions: dict[str, int] = {}
    for each in profile.functions:
        if each.name != SLEEP_NAME:
            functions[each.name] = functions.get(each.name, 0) + each.cycles
    return {
        "cycles": {"all": profile.cycles},
        "functions": functions,
        "stacks": {each.name: each.used for each in profile.stack_use},
        "memories": {each.name: each.linked for each in profile.memories if each.linked},
        "flash": {"image": profile.flash},
    }


@dataclass(frozen=True)
class Row:
    """One figure: recorded and now, and the most it may be; None where it is not in one of them."""

    kind: str
    name: str
    recorded: int | None
    now: int | None
    allowed: int

    @property
    def passed(self) -> bool:
        """It is not above what it may be."""
        return self.now is None or self.now <= self.allowed

    @property
    def change(self) -> float | None:
        """In percent of the recorded figure."""
        if self.recorded is None or self.now is None or not self.recorded:
            return None
        return 100 * (self.now - self.recorded) / self.recorded


def compare(baseline: Baseline, now: dict[str, dict[str, int]]) -> list[Row]:
    """Every figure of either; those that fail first, then by kind and size."""
    slack = int(LEAST_SHARE * now["cycles"]["all"])
    rows = []
    for kind in KINDS:
        tolerance = getattr(baseline.tolerances, kind)
        recorded, current = baseline.figures[kind], now[kind]
        for name in recorded.keys() | current.keys():
            before = recorded.get(name)
            allowed = math.floor((before or 0) * (1 + tolerance / 100)) + (slack if kind == "functions" else 0)
            rows.append(Row(kind, name, before, current.get(name), allowed))
    order = {kind: place for place, kind in enumerate(KINDS)}
    return sorted(rows, key=lambda row: (row.passed, order[row.kind], -max(row.now or 0, row.recorded or 0), row.name))
