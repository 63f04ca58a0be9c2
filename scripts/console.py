"""Where the commands print: the terminal as it is, or wide lines into a pipe or a CI log."""

from __future__ import annotations

from rich.console import Console

WIDTH_WITHOUT_TERMINAL = 110


def terminal() -> Console:
    """A console that does not guess highlights, so that what a board says is shown as it came."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=WIDTH_WITHOUT_TERMINAL)
