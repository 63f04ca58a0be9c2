"""``[use]`` of a card: what somebody who uses the model must know besides its tensors. Every key may be left out.

``docs/shelf.md`` has the table of keys and defaults that ``KEYS`` holds; a test sees that they are the same.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from model.errors import CrosscamError, shown
from model.reading import quoted

SCALINGS: dict[str, tuple[float, float] | None] = {
    "unit": (0.0, 1.0),
    "symmetric": (-1.0, 1.0),
    "bytes": (0.0, 255.0),
    "other": None,
}
"""How a channel of 0..255 becomes the number the network was trained on: the range it is spread over."""
NUMBERS = ("int8", "float32")
GRAPHS = ("classifier", "grader", "detector", "features")
ENGINES = ("litert", "tflm")
_SLACK = 0.02
"""Of the range: the camera path's -1 to 127/128 counts as symmetric."""


@dataclass(frozen=True)
class Use:
    """The table; ``KEYS`` says what each key means."""

    source: str = ""
    score_threshold: float = 0.0
    top: int = 5
    score_scale: float = 1.0
    label_offset: int = 0
    background: str = ""
    scaling: str = ""
    numbers: str = "int8"
    graph: str = "classifier"
    overlap: float = 0.5
    engine: str = "litert"

    def table(self) -> dict[str, Any]:
        """What differs from the defaults, as the card writes it."""
        return {each.name: value for each in fields(self) if (value := getattr(self, each.name)) != each.default}


@dataclass(frozen=True)
class Key:
    """A key: what it may be, in words and as a check, and what it means."""

    expected: str
    fits: Callable[[Any], bool]
    meaning: str


def _real(low: float, high: float) -> Callable[[Any], bool]:
    return lambda value: (
        isinstance(value, (int, float))
        and not isinstance(value, bool)
        and math.isfinite(value)
        and low <= value <= high
    )


def _whole(low: int, high: int) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _line(longest: int) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and len(value) <= longest and shown(value, longest) == value


def _one_of(*names: str) -> Key:
    return Key(f"one of {', '.join(names)}", lambda value: isinstance(value, str) and value in names, "")


def _explained(key: Key, meaning: str) -> Key:
    return Key(key.expected, key.fits, meaning)


KEYS: dict[str, Key] = {
    "source": Key("a line of up to 1000 characters", _line(1000), "where the model comes from: an address or a path"),
    "score_threshold": Key("a number from -1e6 to 1e6", _real(-1e6, 1e6), "scores below it are not shown"),
    "top": Key("an integer from 1 to 4096", _whole(1, 4096), "how many of the highest scores are shown"),
    "score_scale": Key(
        "a number from 1e-6 to 1e6", _real(1e-6, 1e6), "a score is (stored - zero point) x [output] scale x this"
    ),
    "label_offset": Key(
        "an integer from -4096 to 4096", _whole(-4096, 4096), "number of the first label in its data set: often 0 or 1"
    ),
    "background": Key("one of the labels, or ''", _line(64), "a label that means nothing is there: it is not shown"),
    "scaling": _explained(
        _one_of(*SCALINGS, ""),
        "how channels of 0..255 are scaled: unit 0..1, symmetric -1..1, bytes 0..255; '': as [input] says",
    ),
    "numbers": _explained(_one_of(*NUMBERS), "of the network the .tflite was made from, or is"),
    "graph": _explained(_one_of(*GRAPHS), "what the scores are: of classes, of grades, of boxes, or no scores"),
    "overlap": Key(
        "a number from 0 to 1", _real(0, 1), "detectors: of boxes that share more than this, the best is kept"
    ),
    "engine": _explained(_one_of(*ENGINES), "whose arithmetic the model is held against"),
}
"""Every key of ``[use]``."""


def read_use(where: str, table: object, labels: tuple[str, ...], scale: float, zero_point: int) -> Use:
    """The checked table.

    Args:
        where: the card's path, for messages.
        table: what the card has under ``use``; None where it has none.
        labels: the model's.
        scale: of the input.
        zero_point: of the input.

    Raises:
        CrosscamError: a key that is not known, or a value that does not fit: by itself, the labels or the input.
    """
    if table is None:
        return Use()
    if not isinstance(table, Mapping):
        raise CrosscamError(f"{where}: use is {quoted(table)}, expected a section [use]")
    for name, value in table.items():
        key = KEYS.get(name)
        if key is None:
            raise CrosscamError(f"{where}: [use] {shown(name)} is not known, expected some of {', '.join(KEYS)}")
        if not key.fits(value):
            raise CrosscamError(f"{where}: [use] {name}: expected {key.expected}, got {quoted(value)}")
    use = Use(**table)
    if use.background and use.background not in labels:
        raise CrosscamError(
            f"{where}: [use] background: expected one of the labels ({shown(', '.join(labels), 100)}), "
            f"got {quoted(use.background)}"
        )
    wanted = SCALINGS.get(use.scaling)
    if wanted is not None and scaling_of(scale, zero_point) != use.scaling:
        low, high = (-128 - zero_point) * scale, (127 - zero_point) * scale
        raise CrosscamError(
            f"{where}: [use] scaling: '{use.scaling}' is {wanted[0]:g} to {wanted[1]:g}, but [input] scale and "
            f"zero_point give {low:.4g} to {high:.4g}; expected '{scaling_of(scale, zero_point)}'"
        )
    return use


def scaling_of(scale: float, zero_point: int) -> str:
    """Which of ``SCALINGS`` an int8 input of this scale and zero point has when it is given a channel less 128."""
    low, high = (-128 - zero_point) * scale, (127 - zero_point) * scale
    for name, wanted in SCALINGS.items():
        if wanted is not None:
            slack = _SLACK * (wanted[1] - wanted[0])
            if abs(low - wanted[0]) <= slack and abs(high - wanted[1]) <= slack:
                return name
    return "other"
