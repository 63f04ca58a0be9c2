"""What a report shows, and how it becomes a page.

A page is a function of its ``Page``: it has no date and no path of the host, so that the same run gives the same file.
All text of firmware and files is escaped; the page loads nothing and runs no script.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import jinja2
import numpy as np
from numpy.typing import NDArray

from sim.console import Prediction
from sim.frames.convert import to_picture
from sim.report.budgets import BudgetBar
from sim.text import printable

_TEMPLATES = Path(__file__).parent / "templates"
MOST_PICTURES = 400
"""Frames that are shown with their pictures; a page of more would not open."""


@dataclass(frozen=True)
class Score:
    """A class's raw int8 score; ``reference``: what the host says it must be, None where nobody knows."""

    label: str
    value: int
    reference: int | None = None

    @property
    def percent(self) -> float:
        """Of the way from -128 to +127."""
        return (self.value + 128) / 2.55

    @property
    def differs(self) -> bool:
        """From the reference, where there is one."""
        return self.reference is not None and self.reference != self.value


@dataclass(frozen=True)
class FrameShown:
    """``picture`` and ``lcd``: data URIs, empty where there is none; ``expected``: the photograph's labels, empty where
    nobody knows; ``equal``: the scores are the reference's, None where there is none."""

    number: int
    source: str
    picture: str
    lcd: str
    expected: tuple[str, ...]
    predicted: tuple[str, ...]
    scores: tuple[Score, ...]
    cycles: int
    milliseconds: int
    equal: bool | None

    @property
    def hit(self) -> bool | None:
        """Whether the decision is what the labels say; None where one is not known."""
        return self.predicted == self.expected if self.predicted and self.expected else None


def frame_shown(
    prediction: Prediction,
    source: str,
    expected: Sequence[str],
    predicted: Sequence[str],
    reference: Sequence[int],
    *,
    picture: str = "",
    lcd: str = "",
) -> FrameShown:
    """A frame as it is shown. ``reference``: the scores it must have, in the order of the prediction's; empty where
    nobody knows them."""
    known = len(reference) == len(prediction.scores)
    return FrameShown(
        prediction.frame,
        source,
        picture,
        lcd,
        tuple(expected),
        tuple(predicted),
        tuple(
            Score(label, value, reference[at] if known else None)
            for at, (label, value) in enumerate(zip(prediction.labels, prediction.scores, strict=True))
        ),
        prediction.cycles,
        prediction.duration_ms,
        tuple(reference) == prediction.scores if known else None,
    )


@dataclass(frozen=True)
class Bar:
    """A row of a table with a bar: ``cycles`` of ``share`` (0 to 1) of all."""

    name: str
    detail: str
    cycles: int
    share: float
    more: str = ""


@dataclass(frozen=True)
class MemoryBar:
    """Bytes of a memory: linked there, changed while it ran, all of it."""

    name: str
    start: int
    linked: int
    changed: int
    size: int

    @property
    def linked_share(self) -> float:
        """Per cent."""
        return 100 * min(1.0, self.linked / self.size)

    @property
    def used_share(self) -> float:
        """Per cent, what has changed beyond what is linked."""
        return 100 * min(1.0, max(self.linked, self.changed) / self.size)


@dataclass(frozen=True)
class TestShown:
    """A Robot test. ``status``: PASS, FAIL or SKIP; ``frames``: those it judged."""

    name: str
    status: str
    seconds: float
    message: str
    tags: tuple[str, ...] = ()
    frames: tuple[FrameShown, ...] = ()

    __test__ = False


@dataclass(frozen=True)
class SuiteShown:
    """A Robot suite that has tests of its own."""

    name: str
    doc: str
    tests: tuple[TestShown, ...]


@dataclass(frozen=True)
class Page:
    """Everything on the page; what is empty is left out.

    Attributes:
        title: what was run.
        passed: the verdict.
        verdict: the verdict in words.
        about: a line of what the firmware says it is.
        figures: name and value of each tile at the top.
        problems: what went wrong.
        warnings: messages of the simulation and findings of board truth, with how often each came.
        uart: the board's lines.
        environment: tables of names and values, by heading.
    """

    title: str
    passed: bool
    verdict: str
    about: str = ""
    figures: Sequence[tuple[str, str]] = ()
    problems: Sequence[str] = ()
    frames: Sequence[FrameShown] = ()
    suites: Sequence[SuiteShown] = ()
    profiled: str = ""
    layers: Sequence[Bar] = ()
    functions: Sequence[Bar] = ()
    interrupts: Sequence[tuple[str, ...]] = ()
    memories: Sequence[MemoryBar] = ()
    budgets: Sequence[BudgetBar] = ()
    warnings: Sequence[tuple[int, str]] = ()
    uart: Sequence[str] = ()
    environment: dict[str, list[tuple[str, str]]] = field(default_factory=dict)


def picture_of(pixels: NDArray[np.uint16]) -> str:
    """RGB565 values ``uint16[H, W]`` as a PNG in a data URI."""
    file = io.BytesIO()
    to_picture(pixels).save(file, format="PNG", optimize=False)
    return png_uri(file.getvalue())


def png_uri(content: bytes) -> str:
    """A PNG file as a data URI."""
    return "data:image/png;base64," + base64.b64encode(content).decode("ascii")


def render(page: Page) -> str:
    """The page as HTML."""
    return _environment().get_template("report.html.j2").render(page=page, chart=_chart(page.frames))


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["text"] = lambda value: printable(str(value))
    environment.filters["count"] = lambda value: f"{value:,}"
    environment.filters["size"] = _size
    return environment


def _size(count: int) -> str:
    """Bytes as people say them."""
    for unit, one in (("MB", 1 << 20), ("KB", 1 << 10)):
        if count >= one:
            return f"{count / one:.4g} {unit}"
    return f"{count} B"


@dataclass(frozen=True)
class Chart:
    """Cycles by frame as a line: ``points`` in a box of 100 x 100, the least and the most."""

    points: tuple[tuple[float, float, str], ...]
    least: int
    most: int


def _chart(frames: Sequence[FrameShown]) -> Chart | None:
    if len(frames) < 2:
        return None
    cycles = [frame.cycles for frame in frames]
    least, most = min(cycles), max(cycles)
    span = max(1, most - least)
    points = tuple(
        (round(100 * at / (len(frames) - 1), 2), round(90 - 80 * (frame.cycles - least) / span, 2), _point(frame))
        for at, frame in enumerate(frames)
    )
    return Chart(points, least, most)


def _point(frame: FrameShown) -> str:
    return f"frame {frame.number}: {frame.cycles:,} cycles"
