"""Budgets on a page: what the firmware takes of what it may, a bar a figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sim.profile.baseline import Row

UNITS = {"cycles": "cycles", "layers": "cycles", "boot": "µs", "stack": "bytes", "memory": "bytes"}
"""Of the kinds of ``sim/budget.py``."""


@dataclass(frozen=True)
class BudgetBar:
    """``now``: the figure, None where the firmware has it no more; ``allowed``: the most it may be, its tolerance
    included; both in ``unit``."""

    kind: str
    name: str
    unit: str
    now: int | None
    allowed: int
    passed: bool

    @property
    def share(self) -> float:
        """Per cent of what is allowed, at most 100."""
        if not self.now:
            return 0.0
        return 100 * min(1.0, self.now / self.allowed) if self.allowed else 100.0

    @property
    def says(self) -> str:
        """For the page's problems, where it is above."""
        return f"{self.kind} {self.name}: {self.now or 0:,} {self.unit}, budget {self.allowed:,}"


def budget_bars(rows: Sequence[Row]) -> list[BudgetBar]:
    """The rows of ``Budgets.compare``, in their order: those above their budget first."""
    return [BudgetBar(row.kind, row.name, UNITS[row.kind], row.now, row.allowed, row.passed) for row in rows]
