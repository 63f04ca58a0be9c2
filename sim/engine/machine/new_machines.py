"""Who hears of every machine that is made in this process: an observer that cannot know who makes them, or how many."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

Watch = Callable[[Any], None]
"""Is given a ``Machine``."""
_WATCHES: list[Watch] = []


@contextmanager
def watching(watch: Watch) -> Iterator[None]:
    """``watch`` is called with each new machine, still empty, for as long as the context lasts."""
    _WATCHES.append(watch)
    try:
        yield
    finally:
        _WATCHES.remove(watch)


def made(machine: Any) -> None:
    """Tell of a new machine."""
    for watch in list(_WATCHES):
        watch(machine)
