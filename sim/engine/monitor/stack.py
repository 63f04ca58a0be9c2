"""How deep and how much commands run: scripts and macros that run themselves, loops that never end, endless output."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator

from sim.errors import CrosscamError, shown

DEEPEST = 24
"""Scripts, macros, aliases and Python that run each other."""
MOST_COMMANDS = 100_000
"""Commands that one command of a user may lead to."""
LONGEST_OUTPUT = 1 << 24
"""Characters one command of a user may print."""


class CommandStack:
    """What is being run now.

    Attributes:
        file: the script the present command stands in; empty: in none.
        line: its line there.
    """

    def __init__(self) -> None:
        self.file = ""
        self.line = 0
        self._names: list[str] = []
        self._depth = 0
        self._count = 0

    def where(self) -> str:
        """``file:line: `` of the present command; empty outside of scripts."""
        return f"{self.file}:{self.line}: " if self.file else ""

    @contextlib.contextmanager
    def inside(self, name: str) -> Iterator[None]:
        """Run something that runs commands.

        Raises:
            CrosscamError: it is too deep inside others; the text shows how that came.
        """
        self._names.append(name)
        file, line = self.file, self.line
        try:
            if len(self._names) > DEEPEST:
                raise self._too_deep()
            yield
        finally:
            self._names.pop()
            self.file, self.line = file, line

    def _too_deep(self) -> CrosscamError:
        last = self._names[-1]
        earlier = len(self._names) - 2
        while earlier > 0 and self._names[earlier] != last:
            earlier -= 1
        chain = " -> ".join(shown(name, 50) for name in self._names[earlier:][:4])
        return CrosscamError(f"{chain}: commands run each other in a circle: expected at most {DEEPEST} inside another")

    def begin(self) -> None:
        """A line of commands runs, perhaps inside another one (a script's, a macro's, a backtick's, Python's).

        Raises:
            CrosscamError: too deep, or too many since the outermost.
        """
        if self._depth == 0:
            self._count = 0
        self._count += 1
        if self._count > MOST_COMMANDS:
            raise CrosscamError(f"more than {MOST_COMMANDS} commands from one: expected an end of this loop")
        if self._depth > 3 * DEEPEST:
            raise CrosscamError(f"commands run each other in a circle: expected at most {DEEPEST} inside another")
        self._depth += 1

    def end(self) -> None:
        """The line that began last has run."""
        self._depth -= 1

    def joined(self, outputs: Iterable[str]) -> str:
        """Outputs of commands, a line break between; empty ones are left out."""
        return self.limited("\n".join(filter(None, outputs)))

    @staticmethod
    def limited(text: str) -> str:
        """``text``; CrosscamError when nobody could read so much."""
        if len(text) > LONGEST_OUTPUT:
            raise CrosscamError(f"a command printed {len(text)} characters: expected at most {LONGEST_OUTPUT}")
        return text
