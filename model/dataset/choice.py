"""Which samples of a data set to use: capped positives, balanced negatives, the same ones for the same seed."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from model.dataset.coco import Sample
from model.dataset.rule import MINIMUM_AREA, NEGATIVE, outputs_for
from model.errors import CrosscamError

UNANNOTATED = ""
"""Stands for the category of images without any annotation."""


@dataclass(frozen=True)
class Choice:
    """What to take."""

    minimum_area: Mapping[str, float] = field(default_factory=lambda: dict(MINIMUM_AREA))
    caps: Mapping[str, int] = field(default_factory=dict)
    """Class to the most images taken for it; an image that holds several classes counts for each."""
    negatives: int | None = None
    """Images without any wanted class; None takes as many as the class with most images has."""
    negative_categories: tuple[str, ...] | None = None
    """Draw negatives from these categories alone; None draws from all others, and from images without annotation."""
    seed: int = 0


def choose(samples: Sequence[Sample], choice: Choice) -> list[Sample]:
    """The chosen samples, in their order.

    Negatives are drawn in turn from every other category, so that each has an equal share for as long as it lasts;
    one that shows several categories is taken once.

    Raises:
        CrosscamError: a cap on no class, or negatives of a category that no negative image holds.
    """
    outputs = outputs_for(choice.minimum_area)
    unknown = sorted(set(choice.caps) - set(choice.minimum_area))
    if unknown:
        raise CrosscamError(f"cap on {unknown[0]!r}: expected one of {', '.join(sorted(choice.minimum_area))}")
    rng = np.random.default_rng(choice.seed)
    shuffled = [int(i) for i in rng.permutation(len(samples))]
    taken: set[int] = set()
    counts: Counter[str] = Counter()
    for index in shuffled:
        classes = [n for n, hit in zip(outputs, samples[index].label, strict=True) if hit and n != NEGATIVE]
        if classes and all(counts[n] < choice.caps.get(n, len(samples)) for n in classes):
            taken.add(index)
            counts.update(classes)
    wanted = choice.negatives if choice.negatives is not None else max(counts.values(), default=len(samples))
    place = outputs.index(NEGATIVE)
    negatives = [index for index in shuffled if samples[index].label[place]]
    taken.update(_in_turn(samples, negatives, wanted, choice.negative_categories))
    return [samples[index] for index in sorted(taken)]


def _in_turn(samples: Sequence[Sample], negatives: Sequence[int], wanted: int, only: Sequence[str] | None) -> set[int]:
    """Up to ``wanted`` of the negatives, one of each category after the other."""
    groups: dict[str, list[int]] = {}
    for index in reversed(negatives):  # reversed, as they are popped from the end
        for category in samples[index].categories or (UNANNOTATED,):
            groups.setdefault(category, []).append(index)
    if only is not None:
        for category in only:
            if category not in groups:
                near = difflib.get_close_matches(category, [c for c in groups if c], n=1, cutoff=0.0)
                hint = f"; the nearest is {near[0]!r}" if near else ""
                raise CrosscamError(f"negatives of {category!r}: no negative image holds one{hint}")
        groups = {category: groups[category] for category in only}
    chosen: set[int] = set()
    queues = [groups[category] for category in sorted(groups)]
    while len(chosen) < wanted and any(queues):
        for queue in queues:
            while queue and queue[-1] in chosen:
                queue.pop()
            if queue and len(chosen) < wanted:
                chosen.add(queue.pop())
    return chosen


def category_counts(samples: Sequence[Sample]) -> dict[str, int]:
    """Images a category, most first; those without annotation under an empty name."""
    counts = Counter(c for sample in samples for c in sample.categories or (UNANNOTATED,))
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
