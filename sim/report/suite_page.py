"""A page of Robot suites, out of the ``output.xml`` that Robot (or ``renode-test``) has written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sim.errors import CrosscamError, shown
from sim.reading import MEGABYTE
from sim.report.page import FrameShown, Page, SuiteShown, TestShown, frame_shown
from sim.text import number_of
from sim.verdict import Judged

OUTPUT_AT_MOST = 512 * MEGABYTE
_LONGEST_MESSAGE = 600
_MOST_ITEMS = 5_000_000


def suite_page(output: Path, pictures: Mapping[str, str]) -> Page:
    """The page of ``output.xml``. ``pictures``: data URI of a photograph, by its name.

    Raises:
        CrosscamError: no such file, or none that Robot has written.
    """
    suites = tuple(_suites(_result(output).suite, pictures))
    tests = [test for suite in suites for test in suite.tests]
    if not tests:
        raise CrosscamError(f"{output}: no test in it: expected the output.xml of a Robot run")
    counts = {status: sum(test.status == status for test in tests) for status in ("PASS", "FAIL", "SKIP")}
    skipped = f", {counts['SKIP']} skipped" if counts["SKIP"] else ""
    judged = sum(len(test.frames) for test in tests)
    figures = [
        ("tests", f"{len(tests)}"),
        ("passed", f"{counts['PASS']}"),
        ("failed", f"{counts['FAIL']}"),
        ("frames judged", f"{judged}"),
        ("seconds", f"{sum(test.seconds for test in tests):.1f}"),
    ]
    return Page(
        title=", ".join(dict.fromkeys(suite.name for suite in suites))[:200],
        passed=not counts["FAIL"],
        verdict=f"{counts['PASS']} of {number_of(len(tests), 'test')} passed{skipped}",
        figures=figures,
        problems=[f"{test.name}: {test.message}" for test in tests if test.status == "FAIL"],
        suites=suites,
    )


def _result(output: Path) -> Any:
    from robot.api import ExecutionResult
    from robot.errors import DataError  # type: ignore[import-untyped]

    try:
        if not output.is_file():
            raise CrosscamError(f"no {output}: expected the output.xml of a Robot run")
        if output.stat().st_size > OUTPUT_AT_MOST:
            raise CrosscamError(f"{output}: {output.stat().st_size:,} bytes, more than the {OUTPUT_AT_MOST:,} taken")
        return ExecutionResult(str(output))
    except DataError as error:
        raise CrosscamError(f"{output}: no output of Robot ({shown(error, 100)}); run `crosscam robot` again") from None


def _suites(suite: Any, pictures: Mapping[str, str]) -> Iterator[SuiteShown]:
    if suite.tests:
        yield SuiteShown(suite.name, suite.doc, tuple(_test(test, pictures) for test in suite.tests))
    for inner in suite.suites:
        yield from _suites(inner, pictures)


def _test(test: Any, pictures: Mapping[str, str]) -> TestShown:
    frames = tuple(_frame(each, pictures) for each in _judged(test))
    seconds = test.elapsed_time.total_seconds() if hasattr(test, "elapsed_time") else test.elapsedtime / 1000
    return TestShown(test.name, test.status, seconds, shown(test.message, _LONGEST_MESSAGE), tuple(test.tags), frames)


def _judged(test: Any) -> Iterator[Judged]:
    """What ``Should Equal Reference`` has noted of each frame, in order."""
    stack = [test]
    for _ in range(_MOST_ITEMS):
        if not stack:
            return
        item = stack.pop()
        if getattr(item, "type", "") == "MESSAGE":
            judged = Judged.read(item.message)
            if judged is not None:
                yield judged
            continue
        parts = [getattr(item, "setup", None), *getattr(item, "body", ()), getattr(item, "teardown", None)]
        stack.extend(part for part in reversed(parts) if part)


def _frame(judged: Judged, pictures: Mapping[str, str]) -> FrameShown:
    return frame_shown(
        judged.prediction,
        judged.source,
        judged.labels,
        judged.decision,
        judged.reference,
        picture=pictures.get(judged.source, ""),
    )
