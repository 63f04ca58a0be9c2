"""Who hears of every machine that is made in this process: an observer that cannot know who makes them, or how many."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sim.engine.machine import Machine

Watch = Callable[[Machine], None]
_WATCHES: list[Watch] = []


@contextmanager
def watching(watch: Watch) -> Iterator[None]:
    """``watch`` is called with each new machine, still empty, for as long as the context lasts."""
    _WATCHES.append(watch)
    try:
        yield
    finally:
        _WATCHES.remove(watch)


def made(machine: Machine) -> None:
    """Tell of a new machine."""
    for watch in list(_WATCHES):
        watch(machine)
