"""Where the commands print: the terminal as it is, or wide lines into a pipe or a CI log; and how they fail."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator

from rich.console import Console

from model.errors import CrosscamError as ModelError
from sim.errors import CrosscamError as SimError

WIDTH_WITHOUT_TERMINAL = 132


def terminal() -> Console:
    """A console that does not guess highlights, so that what a board says is shown as it came."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=WIDTH_WITHOUT_TERMINAL)


@contextlib.contextmanager
def one_line_errors() -> Iterator[None]:
    """A user's error is one line on stderr and status 2, an interrupt status 130."""
    try:
        yield
    except (ModelError, SimError) as error:
        print(f"crosscam: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("crosscam: stopped", file=sys.stderr)
        sys.exit(130)
