"""A .resc file -> commands with their line numbers."""

from __future__ import annotations

from collections.abc import Iterator

from sim.errors import CrosscamError

_TERMINATOR = '"""'


def commands(source: str, file: str) -> Iterator[tuple[int, str]]:
    """Line number and text of each command of ``source``.

    A triple-quoted text makes one command of its lines; when it starts a line it belongs to the command before it
    (``macro reset`` and the body below).

    Raises:
        CrosscamError: a triple-quoted text that never ends.
    """
    waiting: tuple[int, str] | None = None
    collected: list[str] = []
    start = 0
    for number, line in enumerate(source.splitlines(), 1):
        opens = line.count(_TERMINATOR) % 2 == 1
        if collected:
            collected.append(line)
            if opens:
                yield start, "\n".join(collected)
                collected = []
        elif opens:
            if line.lstrip().startswith(_TERMINATOR) and waiting is not None:
                start, collected = waiting[0], [waiting[1], line]
                waiting = None
            else:
                if waiting is not None:
                    yield waiting
                    waiting = None
                start, collected = number, [line]
        else:
            if waiting is not None:
                yield waiting
            waiting = (number, line) if line.strip() else waiting and None
    if collected:
        raise CrosscamError(f"{file}:{start}: the text opened by {_TERMINATOR} never ends: expected {_TERMINATOR}")
    if waiting is not None:
        yield waiting
