"""How a fault is asked for: ``camera.nack,at=12@frame:3``."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from fractions import Fraction

from sim.errors import CrosscamError, shown

_KIND = re.compile(r"[a-z0-9]+\.[a-z0-9-]+", re.ASCII)
_ARGUMENT = re.compile(r"([a-z][a-z0-9_]*)=(.+)", re.ASCII)
_LATER = re.compile(r"(.*)\+(\d+(?:\.\d+)?)ms", re.ASCII | re.DOTALL)
_SECONDS = re.compile(r"\d+(?:\.\d+)?", re.ASCII)
_LONGEST = 1 << 40
MOMENTS = "boot, frame:N, time:SECONDS, cycle:N, line:TEXT or call:FUNCTION[:N]"
"""What ``when`` may say; each may be followed by +MILLISECONDSms."""


@dataclass(frozen=True)
class Moment:
    """When a fault sets in.

    ``kind`` is ``boot`` (at once), ``frame`` (a frame begins, and the ``number``-th photograph is captured next),
    ``time`` (``seconds`` since power-on), ``cycle``, ``line`` (the console has said ``text``) or ``call`` (the
    ``number``-th time from now that the core is about to run function ``text``). ``later``: seconds of virtual time
    after that.
    """

    kind: str = "boot"
    number: int = 1
    seconds: Fraction = Fraction(0)
    text: str = ""
    later: Fraction = Fraction(0)
    spelling: str = field(default="boot", compare=False)

    @classmethod
    def parse(cls, spelling: str) -> Moment:
        """CrosscamError when ``spelling`` is no moment."""
        return replace(cls._parse(spelling), spelling=spelling)

    @classmethod
    def _parse(cls, spelling: str) -> Moment:
        rest, later = spelling, Fraction(0)
        found = _LATER.fullmatch(spelling)
        if found is not None:
            rest, later = found[1], Fraction(found[2]) / 1000
        kind, _, value = rest.partition(":")
        if kind == "boot" and not value:
            return cls(later=later)
        if kind in ("frame", "cycle") and value.isdecimal() and 1 <= int(value) < _LONGEST:
            return cls(kind, number=int(value), later=later)
        if kind == "time" and _SECONDS.fullmatch(value):
            return cls(kind, seconds=Fraction(value), later=later)
        if kind == "line" and value:
            return cls(kind, text=value, later=later)
        if kind == "call" and value:
            name, _, count = value.partition(":")
            if name and (not count or (count.isdecimal() and 1 <= int(count) < _LONGEST)):
                return cls(kind, number=int(count or 1), text=name, later=later)
        raise CrosscamError(f"{shown(spelling, 80)}: no moment of a fault: expected {MOMENTS}")


@dataclass(frozen=True)
class Order:
    """A fault by its ``kind``, with arguments as they were written, and the moment it sets in."""

    kind: str
    arguments: dict[str, str] = field(default_factory=dict)
    moment: Moment = field(default_factory=Moment)

    @classmethod
    def parse(cls, spelling: str) -> Order:
        """``KIND[,NAME=VALUE]...[@MOMENT]``; CrosscamError when it is something else."""
        fault, at, moment = spelling.partition("@")
        kind, *pairs = fault.split(",")
        found = [_ARGUMENT.fullmatch(pair.strip()) for pair in pairs]
        if not _KIND.fullmatch(kind) or None in found or (at and not moment):
            raise CrosscamError(
                f"{shown(spelling, 80)}: no fault: expected KIND[,NAME=VALUE]...[@MOMENT], such as "
                "camera.nack,at=12@frame:3"
            )
        arguments = {pair[1]: pair[2] for pair in found if pair is not None}
        return cls(kind, arguments, Moment.parse(moment) if moment else Moment())
