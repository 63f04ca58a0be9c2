"""Suites in several processes, by pabot, with one report of all of them.

A process loads the engine once for a whole group of suites; pabot's own way, a process a suite, loads it for each.
"""

from __future__ import annotations

import importlib.util
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sim.errors import CrosscamError

_GROUPS_A_PROCESS = 2
"""More balance better, as suites with as many tests take unlike times; fewer load less."""
_LONGEST = 6 * 3600
"""Seconds of wall time a group may take."""
_IN_FOLDER = 'cd {folder} && exec {python} -m robot "$@"\n'
"""pabot leaves notes in its working folder; the suites run in the one of whoever asked for them. A file, since pabot
breaks what it has to run at blanks."""


def run_side_by_side(suites: Sequence[Path], options: Mapping[str, str | list[str]], processes: int) -> int:
    """Run ``suites`` in ``processes`` processes; ``options``: Robot Framework's, long names without dashes.

    Returns:
        As ``run_suites``.

    Raises:
        CrosscamError: pabot is not installed.
    """
    if importlib.util.find_spec("pabot") is None:
        raise CrosscamError(
            "--processes: expected pabot, which is not installed; run `pip install 'robotframework-pabot>=5.2,<6'`"
        )
    paths = [str(suite.resolve()) for suite in suites]
    with tempfile.TemporaryDirectory(prefix="crosscam-pabot-") as notes:
        order, runner = Path(notes) / "groups", Path(notes) / "runner"
        folder, python = (shlex.quote(str(path)) for path in (Path.cwd(), sys.executable))
        runner.write_text(_IN_FOLDER.format(folder=folder, python=python), encoding="utf-8")
        groups = _groups(paths, options, _GROUPS_A_PROCESS * processes)
        order.write_text("\n".join(line for group in groups for line in ("{", *group, "}")) + "\n", encoding="utf-8")
        command = [sys.executable, "-m", "pabot.pabot", "--processes", str(processes), "--no-pabotlib"]
        command += ["--processtimeout", str(_LONGEST), "--ordering", str(order)]
        command += ["--command", "sh", runner.name, "--end-command"]
        for name, given in options.items():
            command += [
                text for value in ([given] if isinstance(given, str) else given) for text in (f"--{name}", value)
            ]
        return subprocess.run([*command, *paths], cwd=notes, stdin=subprocess.DEVNULL, check=False).returncode


def _groups(paths: Sequence[str], options: Mapping[str, str | list[str]], count: int) -> list[list[str]]:
    """Lines of pabot's ordering file: each group's suites, the groups with about as many tests each."""
    from robot.api import TestSuite

    root = TestSuite.from_file_system(*paths)
    if len(paths) > 1:
        root.name = "Suites"  # as pabot calls them
    root.filter(None, *(options[name] or None for name in ("test", "include", "exclude")))
    groups: list[list[str]] = [[] for _ in range(count)]
    sizes = [0] * count
    for suite in sorted(_with_tests(root), key=lambda each: -len(each.tests)):
        smallest = sizes.index(min(sizes))
        groups[smallest].append(f"--suite {suite.full_name}")
        sizes[smallest] += len(suite.tests)
    return [group for group in groups if group]


def _with_tests(suite: Any) -> Iterator[Any]:
    if suite.tests:
        yield suite
    for child in suite.suites:
        yield from _with_tests(child)
