"""Two runs held against each other: boot by boot, frame by frame, line by line.

Frames are matched by their number since the board's start. Where one side started more often than the other, a boot
without a partner is held against what it fits best on the other side: the same numbers, or those that would have
come next had the board not been reset.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from sim.console import is_banner
from sim.lcd_kept import KeptPicture
from sim.recording.board_log import Boot, Said
from sim.recording.displayed import different
from sim.text import number_of

_TIMES = re.compile(r"(?P<cycles>\d+)(?= cycles\b)|(?<=Cycles: )(?P<count>\d+)|(?P<ms>\d+)(?= ms\b)", re.ASCII)
_KEY = re.compile(r"E: [A-Z][A-Z0-9_]*|[A-Za-z][A-Za-z0-9 _-]{0,30}(?=: )|layer +\d+|scores from \d+", re.ASCII)
_DIGITS = re.compile(r"\d+", re.ASCII)


@dataclass(frozen=True)
class Difference:
    """``kind``: reset, missing frame, labels, scores, cycles, line, error line or picture; ``a``, ``b``: what each side
    says, empty: nothing; ``line_a``, ``line_b``: numbers of the lines in their logs, 0: none."""

    kind: str
    where: str
    a: str
    b: str
    line_a: int = 0
    line_b: int = 0

    def __str__(self) -> str:
        return f"{self.where}: {self.kind}: A {self.a or 'nothing'}, B {self.b or 'nothing'}"


@dataclass(frozen=True)
class Frame:
    """A frame both sides have. ``shift``: cycles of B over those of A, less 1."""

    boot: int
    frame: int
    labels: tuple[str, ...]
    a: tuple[int, ...]
    b: tuple[int, ...]
    cycles_a: int
    cycles_b: int
    shift: float
    equal: bool


@dataclass
class Comparison:
    """``notes``: what is worth a word and no difference, such as lines only one side has."""

    frames: list[Frame] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Nothing differs, and there was something to compare."""
        return not self.differences and bool(self.frames)

    @property
    def shift(self) -> float:
        """The mean shift of the cycles; 0 without frames."""
        return sum(frame.shift for frame in self.frames) / len(self.frames) if self.frames else 0.0

    def document(self) -> dict[str, Any]:
        """For JSON."""
        first = self.differences[0] if self.differences else None
        return {
            "passed": self.passed,
            "frames": [asdict(frame) for frame in self.frames],
            "mean_shift": self.shift,
            "differences": [asdict(each) for each in self.differences],
            "first_difference": asdict(first) if first else None,
            "notes": self.notes,
        }


@dataclass(frozen=True)
class Rules:
    """``tolerance``: how far cycles (and milliseconds) may be apart, as a part of A's; ``strict``: a line that only
    one side has is a difference; ``ignore``: lines not to be looked at."""

    tolerance: float = 0.005
    strict: bool = False
    ignore: Callable[[str], bool] = lambda text: False


def compare(a: Sequence[Boot], b: Sequence[Boot], rules: Rules) -> Comparison:
    """Hold B against A."""
    found = Comparison()
    if len(a) != len(b):
        again = max(a, b, key=len)[min(len(a), len(b))].lines[0].number
        lines = (again, 0) if len(a) > len(b) else (0, again)
        found.differences.append(Difference("reset", "starts", _starts(a), _starts(b), *lines))
    matched_a: set[tuple[int, int]] = set()
    matched_b: set[tuple[int, int]] = set()
    for number, (at_a, at_b, shift) in enumerate(_pairs(a, b), 1):
        for frame, line_b in b[at_b].frames.items():
            line_a = a[at_a].frames.get(frame + shift)
            if line_a is not None:
                matched_a.add((at_a, frame + shift))
                matched_b.add((at_b, frame))
                _compare_frame(found, number, line_a, line_b, rules)
        _compare_lines(found, number, a[at_a], b[at_b], rules)
    _missing(found, a, matched_a, in_a=True)
    _missing(found, b, matched_b, in_a=False)
    for name, boots in (("A", a), ("B", b)):
        damaged = sum(boot.damaged for boot in boots)
        if damaged:
            found.notes.append(f"{name}: {number_of(damaged, 'damaged prediction line')}")
    found.differences.sort(key=lambda each: each.line_b or each.line_a)
    return found


def compare_pictures(found: Comparison, a: Sequence[KeptPicture], b: Sequence[KeptPicture], rules: Rules) -> None:
    """Add to ``found`` where the display of B showed another picture than that of A.

    A picture shows its frame's cycles: where these are not the same to the cycle, it may differ, unless ``strict``.
    """
    if not a or not b:
        return
    alike = {frame.frame for frame in found.frames if frame.boot == 1 and frame.equal and frame.shift == 0}
    for each in different(a, b):
        if rules.strict or each.number in alike:
            found.differences.append(Difference("picture", f"display, picture {each.number}", each.a, each.b))
        else:
            text = f"display, picture {each.number}: A {each.a}, B {each.b}"
            found.notes.append(f"{text}; its frame's scores or cycles are not the same either")
    if len(a) != len(b):
        found.notes.append(f"display: {number_of(len(a), 'picture')} in A, {len(b)} in B")


def _starts(boots: Sequence[Boot]) -> str:
    ends = ", ".join(str(boot.last_frame) for boot in boots[:-1])
    return "one start" if len(boots) == 1 else f"{len(boots)} starts, anew after frame {ends}"


def _pairs(a: Sequence[Boot], b: Sequence[Boot]) -> list[tuple[int, int, int]]:
    """Boots to hold against each other, with what is added to a number of B's to have A's."""
    both = min(len(a), len(b))
    pairs = [(number, number, 0) for number in range(both)]
    if not both:
        return []
    for number in range(both, len(b)):
        at, shift = _fits(b[number], a, sum(boot.last_frame for boot in b[both - 1 : number]))
        pairs.append((at, number, shift))
    for number in range(both, len(a)):
        at, shift = _fits(a[number], b, sum(boot.last_frame for boot in a[both - 1 : number]))
        pairs.append((number, at, -shift))
    return pairs


def _fits(boot: Boot, others: Sequence[Boot], before: int) -> tuple[int, int]:
    """The boot, and the shift of numbers, where most frames have the same scores; ``before``: frames before it."""

    def equal(choice: tuple[int, int]) -> int:
        at, shift = choice
        return sum(
            _scores(said) == _scores(others[at].frames.get(frame + shift)) for frame, said in boot.frames.items()
        )

    choices = [(at, 0) for at in reversed(range(len(others)))] + [(len(others) - 1, before)]
    return max(choices, key=equal)


def _scores(said: Said | None) -> tuple[object, ...] | None:
    prediction = said.prediction if said is not None else None
    return (prediction.labels, prediction.scores) if prediction is not None else None


def _compare_frame(found: Comparison, boot: int, line_a: Said, line_b: Said, rules: Rules) -> None:
    one, other = line_a.prediction, line_b.prediction
    assert one is not None and other is not None
    where = f"frame {one.frame}" if boot == 1 else f"start {boot}, frame {other.frame}"
    numbers = (line_a.number, line_b.number)
    differences = []
    if one.labels != other.labels:
        differences.append(Difference("labels", where, ", ".join(one.labels), ", ".join(other.labels), *numbers))
    elif one.scores != other.scores:
        changed = [
            (f"{label} {score:+d}", f"{label} {against:+d}")
            for label, score, against in zip(one.labels, one.scores, other.scores, strict=True)
            if score != against
        ]
        said_a, said_b = (", ".join(each) for each in zip(*changed, strict=True))
        differences.append(Difference("scores", where, said_a, said_b, *numbers))
    shift = _shift(one.cycles, other.cycles)
    if abs(shift) > rules.tolerance:
        differences.append(Difference("cycles", where, f"{one.cycles:,}", f"{other.cycles:,} ({shift:+.2%})", *numbers))
    found.differences += differences
    found.frames.append(
        Frame(boot, other.frame, one.labels, one.scores, other.scores, one.cycles, other.cycles, shift, not differences)
    )


def _shift(a: int, b: int) -> float:
    return (b - a) / a if a else float(b > 0)


def _missing(found: Comparison, boots: Sequence[Boot], matched: set[tuple[int, int]], *, in_a: bool) -> None:
    for at, boot in enumerate(boots):
        for frame, said in boot.frames.items():
            if (at, frame) not in matched:
                sides = (said.text, "", said.number, 0) if in_a else ("", said.text, 0, said.number)
                where = f"frame {frame}" if at == 0 else f"start {at + 1}, frame {frame}"
                found.differences.append(Difference("missing frame", where, *sides))


def _compare_lines(found: Comparison, boot: int, a: Boot, b: Boot, rules: Rules) -> None:
    """Lines that are no predictions, by what they speak of, in their order."""
    ours, theirs = _by_key(a, rules), _by_key(b, rules)
    for key in {**ours, **theirs}:
        one, other = ours.get(key, []), theirs.get(key, [])
        for line_a, line_b in zip(one, other, strict=False):
            if not _same(line_a.text, line_b.text, rules.tolerance):
                where = f"line {line_a.number}" if boot == 1 else f"start {boot}, line {line_a.number}"
                found.differences.append(
                    Difference("line", where, line_a.text, line_b.text, line_a.number, line_b.number)
                )
        for line in one[len(other) :]:
            _only_one(found, line, rules, in_a=True)
        for line in other[len(one) :]:
            _only_one(found, line, rules, in_a=False)


def _only_one(found: Comparison, line: Said, rules: Rules, *, in_a: bool) -> None:
    is_error = line.text.startswith("E: ")
    if is_error or rules.strict:
        sides = (line.text, "", line.number, 0) if in_a else ("", line.text, 0, line.number)
        kind = "error line" if is_error else "line"
        found.differences.append(Difference(kind, f"line {line.number} of {'A' if in_a else 'B'}", *sides))
    else:
        found.notes.append(f'only in {"A" if in_a else "B"}, line {line.number}: "{line.text}"')


def _by_key(boot: Boot, rules: Rules) -> dict[str, list[Said]]:
    lines: dict[str, list[Said]] = defaultdict(list)
    for said in boot.lines:
        if said.prediction is None and said.text and not said.damaged and not rules.ignore(said.text):
            lines[_key(said.text)].append(said)
    return lines


def _key(text: str) -> str:
    found = _KEY.match(text)
    if is_banner(text):
        return "banner"
    return found[0] if found is not None else _DIGITS.sub("#", text)


def _same(a: str, b: str, tolerance: float) -> bool:
    """Equal but for times, which may be apart by ``tolerance``, milliseconds by one more."""
    times_a, times_b = list(_TIMES.finditer(a)), list(_TIMES.finditer(b))
    if _TIMES.sub("#", a) != _TIMES.sub("#", b):
        return False
    return all(
        abs(_shift(int(one[0]), int(other[0]))) <= tolerance
        or (one.lastgroup == "ms" and abs(int(one[0]) - int(other[0])) <= 1)
        for one, other in zip(times_a, times_b, strict=True)
    )
