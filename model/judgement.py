"""What a model's scores amount to: which labels hold, the grade, the zone. The card says how; nothing knows a model.

A label holds where its score reaches its threshold. Labels that are *grades* exclude one another: the one with the
highest score holds, the first of equal ones. A *zone* says how far one label's score can be trusted: the first, so the
strictest, whose least score it reaches.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

NEGATIVE = "negative"
"""The label that says "none of the others"."""
NO_ZONE = "none"
"""Of a score below all zones."""


@dataclass(frozen=True)
class Judgement:
    """``grades``: labels that follow one another; ``zones``: name to least int8 score of ``zone_label``, falling."""

    grades: tuple[str, ...] = ()
    zone_label: str = ""
    zones: Mapping[str, int] = field(default_factory=dict)

    def grade(self, scores: Mapping[str, int]) -> str:
        """The grade by the scores of all labels; empty where there are no grades."""
        return max(self.grades, key=lambda name: scores[name], default="")

    def zone(self, scores: Mapping[str, int]) -> str:
        """The zone by the scores of all labels; empty where there are no zones."""
        if not self.zones:
            return ""
        return next((name for name, least in self.zones.items() if scores[self.zone_label] >= least), NO_ZONE)

    def present(self, labels: Sequence[str], scores: Sequence[int], thresholds: Mapping[str, int]) -> tuple[str, ...]:
        """Those of ``labels`` that hold, in their order; ``negative`` only where no other does.

        Where some of the grades' scores are missing, none of the grades holds. The label that has zones says how sure
        the grade is, and is never named beside it.
        """
        said = dict(zip(labels, scores, strict=True))
        grade = self.grade(said) if set(self.grades) <= set(said) else ""
        unnamed = {NEGATIVE, *self.grades, *((self.zone_label,) if self.grades else ())}
        found = tuple(n for n, s in said.items() if n == grade or (n not in unnamed and s >= thresholds[n]))
        return found or ((NEGATIVE,) if NEGATIVE in thresholds else ())
