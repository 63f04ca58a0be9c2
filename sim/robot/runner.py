"""Runs Robot suites: on the embedded engine in this process, or through an installed Renode's ``renode-test``."""

from __future__ import annotations

import io
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from sim.boot import BOARD_SCRIPT
from sim.engine.timing import TIMINGS
from sim.engines import ENGINES
from sim.errors import CrosscamError
from sim.python_permission import VARIABLE, is_forbidden
from sim.robot.wall_limit import wall_seconds

KEYWORDS = Path(__file__).with_name("renode-keywords.robot")
OWN_KEYWORDS_TAG = "crosscam-engine"
"""Tests so tagged use keywords Renode has not; they are left out there."""
NO_VERDICTS = 252
"""From this status on Robot Framework could not run: help or bad input, then faults of its own."""
REPORTS = ("output.xml", "log.html", "report.html", "xunit.xml", "robot_output.xml")
_PROJECT = Path(__file__).parents[__name__.count(".")]
"""What Python has to look in for the package this is part of."""


def run_suites(
    suites: Sequence[Path],
    *,
    engine: str = "crosscam",
    variables: Mapping[str, str] | None = None,
    output: Path = Path("build/robot"),
    tests: Sequence[str] = (),
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    lenient: bool = False,
    timing: str = "instructions",
    processes: int = 1,
) -> int:
    """Run ``suites`` (files or folders); reports and ``xunit.xml`` (JUnit) go to ``output``.

    Args:
        engine: one of ``sim.engines.ENGINES``.
        variables: for the suites, which they cannot change, beside ``${RENODEKEYWORDS}`` and a ``${BOARD}`` they can.
        tests: names of the only tests to run.
        include, exclude: tags.
        timing: clock of the embedded engine; Renode counts instructions whatever this says.
        lenient: device types the embedded engine lacks are warned of instead of being errors.
        processes: more than one runs the suites of the embedded engine side by side (pabot).

    Returns:
        The number of failed tests, 0 when all passed; 252 and above when Robot could not run (its own convention).

    Raises:
        CrosscamError: a suite that does not exist, an unknown engine or one that is not installed; Python is forbidden;
            several processes of Renode, or without pabot; a ``WALL_LIMIT`` that is no seconds.
    """
    if engine not in ENGINES:
        raise CrosscamError(f"unknown engine {engine!r}: expected one of {', '.join(ENGINES)}")
    if timing.partition(":")[0] not in TIMINGS:
        raise CrosscamError(f"unknown timing {timing!r}: expected one of {', '.join(TIMINGS)}")
    if processes > 1 and engine != ENGINES[0]:
        raise CrosscamError(f"--processes {processes}: expected the engine {ENGINES[0]}; {engine} runs suites in turn")
    if is_forbidden():
        raise CrosscamError(
            f"{suites[0]}: Python is refused (--no-python or {VARIABLE}), and a Robot suite is "
            "Python by design; `crosscam boot` runs a board without one"
        )
    for suite in suites:
        if not suite.exists():
            raise CrosscamError(f"no suite {suite}: expected a .robot file or a folder with some")
    given = dict(variables or {})
    wall_seconds(given.get("WALL_LIMIT"))
    prepare(output)
    defaults = {} if "BOARD" in given else {"BOARD": str(BOARD_SCRIPT.resolve())}
    given["TIMING"] = "renode" if engine == "renode" else timing
    if engine == "renode":
        return _run_on_renode(suites, {**_without_own(suites, defaults), **given}, output, tests, include, exclude)
    if lenient:
        given["LENIENT"] = "True"
    options = _robot_options(given, defaults, output, tests)
    options |= {"include": list(include), "exclude": list(exclude)}
    if processes > 1:
        from sim.robot.side_by_side import run_side_by_side

        return run_side_by_side(suites, options, processes)
    from robot.run import run  # type: ignore[import-untyped]

    status: int = run(*map(str, suites), **options, console="verbose")
    return status


def prepare(output: Path) -> None:
    """Make the folder of the reports; CrosscamError when they cannot be plain files there."""
    try:
        output.mkdir(parents=True, exist_ok=True)
        strange = [path for path in map(output.joinpath, REPORTS) if path.exists() and not path.is_file()]
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise CrosscamError(f"cannot write to {output}: {reason}; name a folder for the reports") from error
    if strange:
        raise CrosscamError(f"cannot write {strange[0]}: it is no plain file; name another folder for the reports")


def _robot_options(
    variables: Mapping[str, str], defaults: Mapping[str, str], output: Path, tests: Sequence[str]
) -> dict[str, str | list[str]]:
    """Robot Framework's, but for the tags: long names, values."""
    from sim.robot.defaults import RenodeDefaults

    keywords = str(KEYWORDS.resolve())
    modifier = [f"{RenodeDefaults.__module__}.{RenodeDefaults.__name__}", keywords]
    modifier += [text for item in defaults.items() for text in item]
    given = {"RENODEKEYWORDS": keywords, **variables}
    if strange := [text for text in modifier if ";" in text]:
        raise CrosscamError(f"{strange[0]}: Robot Framework takes no folder with a semicolon in its name; rename it")
    return {
        "pythonpath": [str(_PROJECT)],
        "prerunmodifier": [";".join(modifier)],
        "variable": [f"{name}:{value}" for name, value in given.items()],
        "test": list(tests),
        "outputdir": str(output.resolve()),
        "xunit": "xunit.xml",
    }


def _run_on_renode(
    suites: Sequence[Path],
    variables: Mapping[str, str],
    output: Path,
    tests: Sequence[str],
    include: Sequence[str],
    exclude: Sequence[str],
) -> int:
    """``renode-test`` gives ``${RENODEKEYWORDS}`` itself; it takes files, and one name to filter tests by."""
    from sim.renode.finder import find_renode_test

    command = [str(find_renode_test()), "-r", str(output.resolve())]
    for name, value in variables.items():
        command += ["--variable", f"{name}:{value}"]
    for flag, values in (("--test", tests), ("--include", include), ("--exclude", [*exclude, OWN_KEYWORDS_TAG])):
        for text in values:
            command += [flag, text]
    command += [str(file.resolve()) for suite in suites for file in _suite_files(suite)]
    path = os.pathsep.join(filter(None, (str(_PROJECT), os.environ.get("PYTHONPATH", ""))))
    environment = os.environ | {"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
    status = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, check=False).returncode
    result = output / "robot_output.xml"
    if result.is_file():
        from robot.rebot import rebot  # type: ignore[import-untyped]

        silence = {"output": None, "log": None, "report": None, "stdout": io.StringIO(), "stderr": io.StringIO()}
        rebot(str(result), outputdir=str(output), xunit="xunit.xml", **silence)
    return status


def _without_own(suites: Sequence[Path], defaults: Mapping[str, str]) -> dict[str, str]:
    """``renode-test`` can only take variables that win over a suite's own: those no suite sets."""
    from robot.api import get_model

    files = [file for suite in suites for file in _suite_files(suite)]
    sections = [section for file in files for section in get_model(str(file)).sections]
    own = {getattr(item, "name", "") for section in sections for item in getattr(section, "body", ())}
    return {name: value for name, value in defaults.items() if f"${{{name}}}" not in own}


def _suite_files(suite: Path) -> list[Path]:
    return sorted(suite.rglob("*.robot")) if suite.is_dir() else [suite]
