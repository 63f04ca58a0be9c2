"""``crosscam summary``: results of suites and budgets as Markdown, for a CI job's summary."""

from __future__ import annotations

import html
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from sim.errors import CrosscamError, shown
from sim.reading import MEGABYTE, read_json
from sim.text import printable

_LARGEST = 256 * MEGABYTE
_ROWS = 50
_MESSAGE = 500


def summary(
    junit: Annotated[Path, typer.Argument(metavar="XUNIT", help="Results as JUnit: xunit.xml of `crosscam robot`.")],
    budgets: Annotated[Path | None, typer.Option(help="What `crosscam budget check --json` wrote.")] = None,
) -> None:
    """Show results of suites, and budgets, as Markdown.

    Example: [bold]crosscam summary build/robot/xunit.xml >> "$GITHUB_STEP_SUMMARY"[/bold]
    """
    lines = list(_results(junit))
    if budgets is not None:
        lines += ["", *_budgets(budgets)]
    typer.echo("\n".join(lines))


def _results(junit: Path) -> Iterator[str]:
    try:
        if junit.stat().st_size > _LARGEST:
            raise CrosscamError(f"{junit}: larger than {_LARGEST} bytes; expected results of suites")
        cases = list(ElementTree.parse(junit).iter("testcase"))
    except (OSError, ElementTree.ParseError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise CrosscamError(f"{junit}: {reason}; expected results as JUnit, xunit.xml of `crosscam robot`") from error
    failed = [case for case in cases if case.find("failure") is not None or case.find("error") is not None]
    skipped = sum(case.find("skipped") is not None for case in cases)
    passed = len(cases) - len(failed) - skipped
    yield f"### Suites: {passed} passed, {len(failed)} failed, {skipped} skipped"
    if failed:
        yield from ("", "| suite | test | why |", "|---|---|---|")
    for case in failed[:_ROWS]:
        found = case.find("failure")
        found = case.find("error") if found is None else found
        why = "" if found is None else str(found.get("message"))
        yield _row(case.get("classname", ""), case.get("name", ""), why[:_MESSAGE])
    if len(failed) > _ROWS:
        yield f"\nand {len(failed) - _ROWS} more"


def _budgets(file: Path) -> Iterator[str]:
    try:
        document: Any = read_json(file, MEGABYTE)
        rows = [
            (each["kind"], each["name"], each["recorded"], each["now"], each["passed"]) for each in document["figures"]
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CrosscamError(
            f"{file}: {shown(error, 80)}; expected what `crosscam budget check --json` wrote"
        ) from error
    above = [row for row in rows if not row[-1]]
    yield f"### Budgets: {len(rows) - len(above)} of {len(rows)} hold"
    yield from ("", "| kind | of | budget | now | |", "|---|---|---|---|---|")
    for kind, name, recorded, now, passed in [*above, *(row for row in rows if row[-1])][:_ROWS]:
        yield _row(kind, name, _number(recorded), _number(now), "" if passed else "above")


def _number(value: object) -> str:
    return f"{value:,}" if isinstance(value, int | float) else "none"


def _row(*cells: str) -> str:
    """Cells that no text of a firmware can leave."""
    safe = (html.escape(" ".join(printable(line) for line in cell.splitlines())) for cell in cells)
    return "| " + " | ".join(cell.replace("|", "&#124;").replace("`", "&#96;") for cell in safe) + " |"
