"""The snapshots of a run, in its order, as many as are worth their memory."""

from __future__ import annotations

from dataclasses import dataclass

from sim.engine.observe.gdb.place import Place
from sim.engine.observe.past.process import Process

MOST = 48
"""Snapshots at most: each takes the memory that has changed since."""


@dataclass
class Snapshot:
    """A copy of the machine at ``place``.

    Attributes:
        ends: where the run before it came to; another place than its own where the user changed something between.
        frames: captured until then.
        cost: wall seconds of running up to it, from the first one on.
        edited: the user changed something here: what is behind it cannot be had from an earlier one.
    """

    place: Place
    process: Process
    frames: int
    cost: float
    ends: Place
    edited: bool = False


class History:
    """``first`` is where everything begins; it is never dropped."""

    def __init__(self, first: Snapshot) -> None:
        self.all = [first]

    @property
    def last(self) -> Snapshot:
        """The latest."""
        return self.all[-1]

    def add(self, made: Snapshot) -> None:
        """Behind all others; one that is worth little goes."""
        self.all.append(made)
        if len(self.all) > MOST:
            self._thin()

    def insert(self, made: Snapshot) -> None:
        """A copy of a place that has been passed, where it belongs."""
        index = max(index for index, each in enumerate(self.all) if each.place.cycle <= made.place.cycle)
        self.all.insert(index + 1, made)
        if len(self.all) > MOST:
            self._thin()

    def _thin(self) -> None:
        """Of what is long past fewer are kept: the one whose loss costs least, for its age."""
        now = self.last.cost
        inner = [index for index in range(1, len(self.all) - 1) if not self.all[index].edited]
        if inner:
            index = min(
                inner,
                key=lambda at: (self.all[at + 1].cost - self.all[at - 1].cost) / (now - self.all[at].cost + 0.1),
            )
            self.all.pop(index).process.close()

    def before(self, place: Place) -> list[Snapshot]:
        """Those before ``place``, the latest first."""
        found = [each for each in self.all if each.place != place and each.place.cycle <= place.cycle]
        return found[::-1]

    def forget_after(self, place: Place) -> None:
        """The run goes on from ``place``: what was behind it will be made again."""
        kept = [each for each in self.all[1:] if each.place.cycle < place.cycle or each.place == place]
        for each in self.all[1:]:
            if each not in kept:
                each.process.close()
        self.all[1:] = kept

    def close(self) -> None:
        """End all their processes."""
        for each in self.all:
            each.process.close()
