"""What has been covered, by source file; results of several runs, suites and builds add up."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

LineBranch = tuple[int, int]
"""Line, and number of the branch among those of the line."""


@dataclass
class FileCoverage:
    """Of one source file. ``lines``: times each ran. ``branches``: times taken and not taken, (0, 0) where it never
    ran. ``functions``: line and calls by name."""

    lines: dict[int, int] = field(default_factory=dict)
    branches: dict[LineBranch, tuple[int, int]] = field(default_factory=dict)
    functions: dict[str, tuple[int, int]] = field(default_factory=dict)

    def add(self, other: FileCoverage) -> None:
        """What another run has covered of the same file."""
        for line, count in other.lines.items():
            self.lines[line] = self.lines.get(line, 0) + count
        for branch, (taken, passed) in other.branches.items():
            before = self.branches.get(branch, (0, 0))
            self.branches[branch] = before[0] + taken, before[1] + passed
        for name, (line, calls) in other.functions.items():
            known = self.functions.get(name, (line, 0))
            self.functions[name] = known[0], known[1] + calls

    @property
    def covered_lines(self) -> int:
        """Lines that ran."""
        return sum(1 for count in self.lines.values() if count)

    @property
    def covered_branches(self) -> int:
        """Outcomes of branches that occurred; each branch has two."""
        return sum(bool(taken) + bool(passed) for taken, passed in self.branches.values())

    @property
    def covered_functions(self) -> int:
        """Functions that were called."""
        return sum(1 for _, calls in self.functions.values() if calls)


class Coverage:
    """By source file, as the compiler named it."""

    def __init__(self) -> None:
        self.files: dict[str, FileCoverage] = defaultdict(FileCoverage)

    def add(self, other: Coverage) -> None:
        """Add another result to this one."""
        for name, file in other.files.items():
            self.files[name].add(file)

    def totals(self) -> dict[str, tuple[int, int]]:
        """Covered and all: lines, outcomes of branches, functions."""
        files = self.files.values()
        return {
            "lines": (sum(f.covered_lines for f in files), sum(len(f.lines) for f in files)),
            "branches": (sum(f.covered_branches for f in files), 2 * sum(len(f.branches) for f in files)),
            "functions": (sum(f.covered_functions for f in files), sum(len(f.functions) for f in files)),
        }
