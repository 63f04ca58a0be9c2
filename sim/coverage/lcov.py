"""Coverage as lcov keeps it (man geninfo, "FILES"), written and read."""

from __future__ import annotations

import re
from pathlib import Path

from sim.coverage.result import Coverage, FileCoverage
from sim.errors import CrosscamError
from sim.reading import UnreadableError, plain_bytes
from sim.text import printable

LARGEST = 1 << 28
_LARGEST_NUMBER = 1 << 62
_DA = re.compile(r"DA:(\d+),(\d+)(?:,.*)?", re.ASCII)
_BRDA = re.compile(r"BRDA:(\d+),(\d+),([01]),(-|\d+)", re.ASCII)
_FN = re.compile(r"FN:(\d+),(.+)", re.ASCII)
_FNDA = re.compile(r"FNDA:(\d+),(.+)", re.ASCII)


def written(coverage: Coverage, test: str = "crosscam") -> str:
    """The text of a ``.info`` file. Each conditional branch is a block with two branches: taken, and not taken."""
    rows: list[str] = []
    for name in sorted(coverage.files):
        file = coverage.files[name]
        rows += [f"TN:{test}", f"SF:{printable(name)}"]
        functions = sorted((line, printable(function), calls) for function, (line, calls) in file.functions.items())
        rows += [f"FN:{line},{function}" for line, function, _ in functions]
        rows += [f"FNDA:{calls},{function}" for _, function, calls in functions]
        rows += [f"FNF:{len(functions)}", f"FNH:{file.covered_functions}"]
        for (line, number), outcomes in sorted(file.branches.items()):
            for which, count in enumerate(outcomes):
                rows.append(f"BRDA:{line},{number},{which},{count if any(outcomes) else '-'}")
        rows += [f"BRF:{2 * len(file.branches)}", f"BRH:{file.covered_branches}"]
        rows += [f"DA:{line},{count}" for line, count in sorted(file.lines.items())]
        rows += [f"LF:{len(file.lines)}", f"LH:{file.covered_lines}", "end_of_record"]
    return "\n".join(rows) + "\n"


def read(path: Path) -> Coverage:
    """The content of a ``.info`` file that ``written`` has made.

    Raises:
        CrosscamError: it cannot be read, or a row is none of lcov's.
    """
    try:
        text = plain_bytes(path, LARGEST).decode("utf-8", "backslashreplace")
    except (OSError, UnreadableError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise CrosscamError(f"{path}: cannot be read ({reason}); expected a .info file of an earlier run") from error
    coverage = Coverage()
    file: FileCoverage | None = None
    for number, row in enumerate(text.splitlines(), 1):
        if row.startswith("SF:"):
            file = coverage.files[row[3:]]
        elif row == "end_of_record":
            file = None
        elif file is not None and not _took(file, row) and not re.match(r"(?:TN|FNF|FNH|BRF|BRH|LF|LH):", row):
            raise CrosscamError(f"{path}:{number}: {row[:60]!r} is no row of a .info file")
    if not coverage.files:
        raise CrosscamError(f"{path}: no source file (SF:) in it; expected a .info file of an earlier run")
    return coverage


def _took(file: FileCoverage, row: str) -> bool:
    """Whether ``row`` was one of those that count, and has been added to ``file``."""
    if found := _DA.fullmatch(row):
        line = _number(found[1])
        file.lines[line] = file.lines.get(line, 0) + _number(found[2])
    elif found := _BRDA.fullmatch(row):
        branch = _number(found[1]), _number(found[2])
        outcomes = list(file.branches.get(branch, (0, 0)))
        outcomes[int(found[3])] += 0 if found[4] == "-" else _number(found[4])
        file.branches[branch] = outcomes[0], outcomes[1]
    elif found := _FN.fullmatch(row):
        file.functions[found[2]] = _number(found[1]), file.functions.get(found[2], (0, 0))[1]
    elif found := _FNDA.fullmatch(row):
        known = file.functions.get(found[2], (0, 0))
        file.functions[found[2]] = known[0], known[1] + _number(found[1])
    else:
        return False
    return True


def _number(digits: str) -> int:
    """Counts of lcov have no limit; ours has one that stays a machine word when two are added."""
    return int(digits) if len(digits) < 19 else _LARGEST_NUMBER
