"""The files of a coverage result: ``coverage.info``, ``coverage.xml``, and pages by gcovr."""

from __future__ import annotations

import glob
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from sim.coverage import cobertura, lcov
from sim.coverage.result import Coverage
from sim.errors import CrosscamError
from sim.files import write_text

INFO, XML, PAGES = "coverage.info", "coverage.xml", "html"
_LONGEST_SECONDS = 300.0


def below(coverage: Coverage, root: Path) -> Coverage:
    """The same with files below ``root`` named from there; the others keep their names."""
    found = Coverage()
    start = f"{root.resolve()}{os.sep}"
    for name, file in coverage.files.items():
        found.files[name.removeprefix(start)].add(file)
    return found


def write_reports(coverage: Coverage, folder: Path, root: Path) -> list[str]:
    """Write all files into ``folder``; sources are looked for below ``root`` only.

    Returns:
        What the user should know.

    Raises:
        CrosscamError: they cannot be written.
    """
    _prepare(folder)
    named = below(coverage, root)
    write_text(folder / INFO, lcov.written(named))
    write_text(folder / XML, cobertura.written(named, str(root.resolve())))
    return _pages(named, folder, root)


def _prepare(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise CrosscamError(f"cannot write to {folder}: {reason}; name a folder for the reports") from error
    pages = folder / PAGES
    if pages.is_symlink() or (pages.exists() and not pages.is_dir()):
        raise CrosscamError(f"cannot write {pages}: it is no folder; name another folder for the reports")


def _pages(named: Coverage, folder: Path, root: Path) -> list[str]:
    """Pages with the sources, of the files that are there; gcovr reads Cobertura's XML and writes them."""
    if importlib.util.find_spec("gcovr") is None:
        return ["no pages were made: pip install gcovr"]
    top = root.resolve()
    shown = Coverage()
    for name, file in named.files.items():
        path = (top / name).resolve()
        if path.is_relative_to(top) and path.is_file():
            shown.files[name] = file
    if not shown.files:
        return [f"no pages were made: no source file lies below {root}; --root says where they are"]
    with tempfile.TemporaryDirectory(prefix="crosscam-coverage-") as scratch:
        trace, made = Path(scratch) / XML, Path(scratch) / PAGES
        made.mkdir()
        trace.write_text(cobertura.written(shown, str(top)), encoding="utf-8")
        command = [sys.executable, "-m", "gcovr", "--root", str(top), "--html-title", "crosscam coverage"]
        command += ["--cobertura-add-tracefile", glob.escape(str(trace)), "--html-details", str(made / "index.html")]
        try:
            done = subprocess.run(
                command, cwd=scratch, capture_output=True, text=True, timeout=_LONGEST_SECONDS, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return [f"no pages were made: gcovr did not work: {error}"]
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no message"])[-1]
            return [f"no pages were made: gcovr: {last}"]
        missing = len(named.files) - len(shown.files)
        try:
            shutil.rmtree(folder / PAGES, ignore_errors=True)
            shutil.copytree(made, folder / PAGES, dirs_exist_ok=True)
        except OSError as error:
            raise CrosscamError(f"cannot write {folder / PAGES}: {error.strerror}; name another folder") from error
    return [f"{missing} files have no page: they are not below {root}"] if missing else []
