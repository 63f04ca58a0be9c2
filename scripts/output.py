"""Standard output that may be a full disk or a pipe whose reader has gone."""

from __future__ import annotations

import io
import os
import sys


class StandardOutput(io.FileIO):
    """Our stdout. The first write that fails raises its error and is kept; what is written later is dropped.

    So a library that goes on after a failed ``print`` (Robot Framework, the interpreter's own end) does so in silence,
    and who ends the program can still say what went wrong.

    Attributes:
        problem: why a write failed; None: all went out.
    """

    problem: OSError | None = None

    def write(self, data: object) -> int | None:  # type: ignore[override]
        """As ``FileIO.write``."""
        view = memoryview(data)  # type: ignore[arg-type]
        if self.problem is not None:
            return view.nbytes
        try:
            return super().write(view)
        except OSError as problem:
            self.problem = problem
            raise

    def problem_of_all(self) -> OSError | None:
        """Send what is still in a buffer, and tell why something could not go out."""
        try:
            sys.stdout.flush()
        except OSError as problem:
            self.problem = problem
        return self.problem


def guard_standard_output() -> StandardOutput | None:
    """Put a ``StandardOutput`` behind ``sys.stdout``, which writes out what its encoding lacks (``\\u202e``).

    Returns:
        It; None where ``sys.stdout`` is no stream of the process (tests).
    """
    old = sys.stdout
    if old is None:  # closed before we began: its number must not become that of a file we open
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    elif type(old) is not io.TextIOWrapper:
        return None
    made = StandardOutput(1, "w", closefd=False)
    unbuffered = old is not None and old.write_through
    sys.stdout = sys.__stdout__ = io.TextIOWrapper(  # type: ignore[misc]
        made if unbuffered else io.BufferedWriter(made),  # type: ignore[arg-type]
        encoding=None if old is None else old.encoding,
        errors="backslashreplace",
        line_buffering=old is not None and old.line_buffering,
        write_through=unbuffered,
    )
    return made
