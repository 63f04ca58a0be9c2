"""Suites run again and again: a test whose verdict differs from run to run cries wolf, or sleeps."""

from __future__ import annotations

import shutil
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from sim.errors import CrosscamError, shown
from sim.robot.runner import NO_VERDICTS, REPORTS, prepare

Verdicts = dict[str, str]
"""``pass``, ``fail`` or ``skip`` of each test, by the names of its suites and its own."""
_LONGEST_NAME = 160


def run_again(run: Callable[[Path], int], times: int, output: Path, tell: Callable[[str], object]) -> int:
    """Call ``run`` with a folder for each of ``times`` runs, ``output/1`` and so on.

    ``output`` itself gets the reports of the last of those with most failed tests, for whoever looks for results there.

    Args:
        run: runs suites and returns as ``run_suites``, whose ``xunit.xml`` the folder then holds.
        tell: gets a line after each run, and at the end one for each test whose verdict was not always the same.

    Returns:
        As ``run_suites``, of the run with most failed tests; at least the number of tests with different verdicts.

    Raises:
        CrosscamError: what ``run`` raises; a run left no results.
    """
    prepare(output)
    runs: list[Verdicts] = []
    for number in range(1, times + 1):
        folder = output / str(number)
        status = run(folder)
        if status >= NO_VERDICTS:
            return status
        runs.append(read_verdicts(folder / "xunit.xml"))
        counts = Counter(runs[-1].values())
        others = len(different(runs))
        tell(
            f"run {number} of {times}: {counts['pass']} passed, {counts['fail']} failed, {counts['skip']} skipped; "
            f"{others or 'no'} verdict{'s differ' if others != 1 else ' differs'} so far"
        )
    for name in different(runs):
        seen = Counter(verdicts.get(name, "missing") for verdicts in runs).most_common()
        tell(f"{shown(name, _LONGEST_NAME)}: {', '.join(f'{count} {verdict}' for verdict, count in seen)}")
    failed, worst = max((Counter(verdicts.values())["fail"], number) for number, verdicts in enumerate(runs, 1))
    for report in REPORTS:
        if (output / str(worst) / report).is_file():
            shutil.copyfile(output / str(worst) / report, output / report)
    return min(max(failed, len(different(runs))), NO_VERDICTS - 1)


def different(runs: Sequence[Verdicts]) -> list[str]:
    """The tests whose verdict was not the same in all ``runs``."""
    names = dict.fromkeys(name for verdicts in runs for name in verdicts)
    return [name for name in names if len({verdicts.get(name) for verdicts in runs}) > 1]


def read_verdicts(path: Path) -> Verdicts:
    """What Robot Framework's JUnit file says; CrosscamError when there is none."""
    try:
        cases = list(ElementTree.parse(path).iter("testcase"))
    except (OSError, ElementTree.ParseError) as error:
        raise CrosscamError(f"{path}: no results of a run ({shown(error, 80)})") from error
    return {f"{case.get('classname')}.{case.get('name')}": _verdict(case) for case in cases}


def _verdict(case: ElementTree.Element) -> str:
    if case.find("skipped") is not None:
        return "skip"
    return "pass" if case.find("failure") is None and case.find("error") is None else "fail"
