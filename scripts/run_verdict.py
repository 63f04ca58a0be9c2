"""What ``crosscam run`` found: each frame, and whether all of it is as it should be."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Row:
    """One frame of the verdict: what was expected, what the board said.

    ``verdict`` and ``reference_verdict``: grade and zone by the board and by the host, both empty where there are none.
    """

    frame: int
    source: str
    labels: list[str]
    predicted: list[str]
    scores: list[int]
    reference: list[int]
    cycles: int
    duration_ms: int
    verdict: tuple[str, str] = ("", "")
    reference_verdict: tuple[str, str] = ("", "")

    @property
    def equal(self) -> bool:
        """The board's scores are those of the reference, bit for bit, and so is what they amount to."""
        return self.scores == self.reference and self.verdict == self.reference_verdict


@dataclass(frozen=True)
class Verdict:
    """``rows``: the predictions that came, of ``wanted``, scores in the order of ``labels``; ``problems``: whatever
    went wrong besides; ``left_out``: frames without a prediction, which faults or commands account for."""

    labels: tuple[str, ...]
    rows: list[Row]
    wanted: int
    problems: list[str]
    left_out: list[str] = field(default_factory=list)

    @property
    def equal(self) -> int:
        """Predictions that equal the reference."""
        return sum(row.equal for row in self.rows)

    @property
    def passed(self) -> bool:
        """All came, all are equal, and nothing else happened."""
        return self.equal == self.wanted and not self.problems
