"""What two runs showed on the display, held against each other: picture by picture, pixel by pixel."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from sim.lcd import picture_of_png
from sim.lcd_kept import KeptPicture


@dataclass(frozen=True)
class Displayed:
    """The ``number``-th picture is another one; ``a`` and ``b``: how each of the two can be told."""

    number: int
    a: str
    b: str


def different(a: Sequence[KeptPicture], b: Sequence[KeptPicture]) -> Iterator[Displayed]:
    """The pictures both have that are not equal."""
    others = {picture.number: picture for picture in b}
    for picture in a:
        other = others.get(picture.number)
        if other is not None and other.pixels != picture.pixels:
            yield _described(picture, other)


def _described(one: KeptPicture, other: KeptPicture) -> Displayed:
    number = one.number
    a, b = (picture_of_png(each.png, f"picture {number}").astype(int) for each in (one, other))
    if a.shape != b.shape:
        return Displayed(number, *(f"{each.shape[1]} x {each.shape[0]} pixels" for each in (a, b)))
    differs = (a != b).any(axis=-1)
    y, x = (int(place[0]) for place in np.nonzero(differs))
    told = [f"({x}, {y}) is #{red:02x}{green:02x}{blue:02x}" for red, green, blue in (a[y, x], b[y, x])]
    return Displayed(number, told[0], f"{told[1]} ({int(differs.sum()):,} of {differs.size:,} pixels differ)")
