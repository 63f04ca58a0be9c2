"""Coverage in Cobertura's XML (coverage-04.dtd), which CI servers and gcovr read."""

from __future__ import annotations

import posixpath
import xml.etree.ElementTree as ElementTree
from collections import defaultdict

from sim.coverage.result import Coverage, FileCoverage
from sim.text import printable

_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE coverage SYSTEM '
    '"https://cobertura.sourceforge.net/xml/coverage-04.dtd">\n'
)


def written(coverage: Coverage, root: str, timestamp: int = 0) -> str:
    """The document. ``root``: what relative file names are below; ``timestamp``: milliseconds, 0 for files that are to
    be the same each time."""
    totals = coverage.totals()
    document = ElementTree.Element(
        "coverage",
        _rates(totals["lines"], totals["branches"])
        | {
            "lines-covered": str(totals["lines"][0]),
            "lines-valid": str(totals["lines"][1]),
            "branches-covered": str(totals["branches"][0]),
            "branches-valid": str(totals["branches"][1]),
            "complexity": "0",
            "version": "crosscam",
            "timestamp": str(timestamp),
        },
    )
    ElementTree.SubElement(ElementTree.SubElement(document, "sources"), "source").text = printable(root)
    packages = ElementTree.SubElement(document, "packages")
    folders: dict[str, list[str]] = defaultdict(list)
    for name in sorted(coverage.files):
        folders[posixpath.dirname(name)].append(name)
    for folder, names in sorted(folders.items()):
        part = Coverage()
        part.files.update((name, coverage.files[name]) for name in names)
        here = part.totals()
        package = ElementTree.SubElement(
            packages, "package", {"name": printable(folder).replace("/", "."), "complexity": "0"}
        )
        package.attrib.update(_rates(here["lines"], here["branches"]))
        classes = ElementTree.SubElement(package, "classes")
        for name in names:
            _add_file(classes, name, coverage.files[name])
    ElementTree.indent(document, " ")
    return _HEAD + ElementTree.tostring(document, encoding="unicode") + "\n"


def _rates(lines: tuple[int, int], branches: tuple[int, int]) -> dict[str, str]:
    def rate(covered: int, whole: int) -> str:
        return f"{covered / whole:.4f}" if whole else "1.0"

    return {"line-rate": rate(*lines), "branch-rate": rate(*branches)}


def _add_file(classes: ElementTree.Element, name: str, file: FileCoverage) -> None:
    stem = posixpath.basename(name).replace(".", "_")
    entry = ElementTree.SubElement(classes, "class", {"name": printable(stem), "filename": printable(name)})
    entry.attrib.update(
        _rates((file.covered_lines, len(file.lines)), (file.covered_branches, 2 * len(file.branches)))
        | {"complexity": "0"}
    )
    methods = ElementTree.SubElement(entry, "methods")
    for function, (line, calls) in sorted(file.functions.items(), key=lambda each: (each[1][0], each[0])):
        rates = {"line-rate": "1.0" if calls else "0.0", "branch-rate": "1.0", "complexity": "0"}
        method = ElementTree.SubElement(methods, "method", {"name": printable(function), "signature": "()", **rates})
        lines = ElementTree.SubElement(method, "lines")
        ElementTree.SubElement(lines, "line", {"number": str(line), "hits": str(calls), "branch": "false"})
    outcomes: dict[int, list[bool]] = defaultdict(list)
    for (line, _), (taken, passed) in sorted(file.branches.items()):
        outcomes[line] += [bool(taken), bool(passed)]
    rows = ElementTree.SubElement(entry, "lines")
    for line, count in sorted(file.lines.items()):
        row = ElementTree.SubElement(rows, "line", {"number": str(line), "hits": str(count)})
        if line in outcomes:
            covered, whole = sum(outcomes[line]), len(outcomes[line])
            row.attrib |= {"branch": "true", "condition-coverage": f"{100 * covered // whole}% ({covered}/{whole})"}
        else:
            row.set("branch", "false")
