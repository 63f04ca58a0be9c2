"""Planted bugs, and which suite catches each: ``python -m scripts.mutants`` (``make mutants``).

Everything happens in a copy of the files that git knows, below ``build/mutants``. A bug that is not caught fails the
run. Names of bugs have only those planted (``make mutants MUTANTS="'wrong padding'"``); the page keeps what it said of
the others.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sim.errors import CrosscamError, shown
from sim.files import write_json, write_text

ROOT = Path(__file__).parents[1]
TABLE = ROOT / "robot_tests" / "mutants.toml"
PAGE = ROOT / "docs" / "mutants.md"
TREE = ROOT / "build" / "mutants" / "tree"
RESULTS = ROOT / "build" / "mutants" / "results.json"
COMPILED = ROOT / "build" / "mutants" / "pycache"
"""What Python compiles, thrown away with each bug: one of a source's length and second would be taken for it."""
_LONGEST = 900  # s for a build or a suite: one that takes longer has hung, which is a failure
_HEAD = """# Mutants

Made by `make mutants`: each bug of `robot_tests/mutants.toml` is planted in a copy, which is built, and the suites of
its area run until one fails. The copy without a bug passes them all first.

| bug | file | what it does | caught by |
|---|---|---|---|
"""
_ROW = re.compile(r"\| (?P<name>.+) \| `.+` \| .+ \| (?P<suite>.+) \|")
_NOTHING = "**nothing**"


@dataclass(frozen=True)
class Mutant:
    """One bug: ``find`` in ``file`` becomes ``put``."""

    name: str
    area: str
    file: str
    find: str
    put: str
    why: str

    def apply(self, tree: Path) -> str:
        """Plant it; the text that was there. CrosscamError when it does not fit today's source."""
        path = tree / self.file
        text = path.read_text(encoding="utf-8")
        if text.count(self.find) != 1:
            raise CrosscamError(
                f"mutant {shown(self.name, 40)}: {self.file} holds {shown(self.find, 60)} "
                f"{text.count(self.find)} times, expected once"
            )
        path.write_text(text.replace(self.find, self.put), encoding="utf-8")
        return text


@dataclass(frozen=True)
class Plan:
    """The table: bugs, suites by name, and the suites of each area."""

    mutants: list[Mutant]
    suites: dict[str, str]
    areas: dict[str, list[str]]

    @classmethod
    def read(cls, path: Path = TABLE) -> Plan:
        """CrosscamError when it is no such table."""
        try:
            content = tomllib.loads(path.read_text(encoding="utf-8"))
            return cls([Mutant(**each) for each in content["mutant"]], content["suites"], content["areas"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CrosscamError(f"{path}: no table of mutants ({shown(error, 80)})") from error

    def named(self, names: Sequence[str]) -> list[Mutant]:
        """The bugs of these names, without any all of them; CrosscamError when one is unknown."""
        known = {mutant.name: mutant for mutant in self.mutants}
        for name in names:
            if name not in known:
                raise CrosscamError(f"no mutant {shown(name, 40)}: expected one of {shown(', '.join(known), 200)}")
        return [known[name] for name in names] or self.mutants

    def suites_of(self, mutants: Sequence[Mutant]) -> list[str]:
        """Names of the suites that look for these bugs, cheap ones first."""
        wanted = {name for mutant in mutants for name in self.areas[mutant.area]}
        return [name for name in self.suites if name in wanted]


def copy_tree() -> None:
    """A fresh copy of what git knows or would add, with the virtual environment beside it."""
    for folder in (TREE, COMPILED):
        shutil.rmtree(folder, ignore_errors=True)
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in listed.stdout.decode().split("\0"):
        source, target = ROOT / name, TREE / name
        if name and source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    (TREE / ".venv").symlink_to(ROOT / ".venv")


def _run(command: list[str]) -> tuple[bool, str]:
    """Whether it ended well in time, and what it said."""
    environment = os.environ | {"PYTHONPYCACHEPREFIX": str(COMPILED)}
    if "COCO_DIR" in environment:  # relative to the checkout
        environment["COCO_DIR"] = str((ROOT / environment["COCO_DIR"]).resolve())
    try:
        done = subprocess.run(
            command, cwd=TREE, capture_output=True, text=True, timeout=_LONGEST, check=False, env=environment
        )
    except subprocess.TimeoutExpired:
        return False, f"not done within {_LONGEST} s"
    return done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]


def build() -> tuple[bool, str]:
    """Firmware and reference of the copy: also for a bug of the board, since the firmware there has the one before."""
    return _run(["make", "-s", "-o", ".venv/core", "firmware", "references"])


def run_suite(plan: Plan, name: str) -> tuple[bool, str]:
    """Whether the suite ``name`` passes in the copy."""
    elf = (TREE / "build" / "crosscam.elf").resolve()
    command = plan.suites[name].format(elf=shlex.quote(str(elf)), frames="build/frames/demo", out=f"build/robot-{name}")
    words = shlex.split(command)
    return _run([str(TREE / ".venv" / "bin" / "python"), "-m", *words])


def prepare(plan: Plan, suites: Sequence[str]) -> bool:
    """A fresh copy, built; whether these suites pass there without a bug."""
    copy_tree()
    ready, said = build()
    for name in suites if ready else ():
        ready, said = run_suite(plan, name)
        print(f"without a bug: {name} {'passes' if ready else 'fails'}", flush=True)
        if not ready:
            break
    if ready:
        write_json(RESULTS, {})
    else:
        print(said, file=sys.stderr)
    return ready


def catcher(plan: Plan, mutant: Mutant) -> str:
    """The name of the suite that fails with ``mutant``, "the build" when it cannot be built; empty when none does."""
    before = mutant.apply(TREE)
    shutil.rmtree(COMPILED, ignore_errors=True)
    try:
        built, said = build()
        if not built:
            print(said, file=sys.stderr)
            return "the build"
        return next((name for name in plan.areas[mutant.area] if not run_suite(plan, name)[0]), "")
    finally:
        (TREE / mutant.file).write_text(before, encoding="utf-8")


def page(rows: list[tuple[Mutant, str]]) -> str:
    """docs/mutants.md."""
    return _HEAD + "".join(
        f"| {mutant.name} | `{mutant.file}` | {mutant.why} | {suite or _NOTHING} |\n" for mutant, suite in rows
    )


def caught_before(text: str) -> dict[str, str]:
    """What the page ``text`` says caught each bug; empty for one that got away."""
    rows = _ROW.finditer(text.removeprefix(_HEAD))
    return {row["name"]: "" if row["suite"] == _NOTHING else row["suite"] for row in rows}


def write_page(plan: Plan, results: dict[str, str]) -> None:
    """The page anew, of ``results`` and of what it says of bugs that were not planted this time."""
    told = caught_before(PAGE.read_text(encoding="utf-8")) if PAGE.is_file() else {}
    told |= results
    write_text(PAGE, page([(mutant, told[mutant.name]) for mutant in plan.mutants if mutant.name in told]))


def main() -> int:
    """0 when every bug was caught, 1 when one was not or the suites fail without one."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--resume", action="store_true", help="go on with the copy and the results of a run before")
    parser.add_argument("names", nargs="*", metavar="NAME", help="plant only these; default: all of the table")
    arguments = parser.parse_args()
    try:
        plan = Plan.read()
        mutants = plan.named(arguments.names)
        results: dict[str, str] = {}
        if arguments.resume and RESULTS.is_file():
            results = json.loads(RESULTS.read_text(encoding="utf-8"))
        elif not prepare(plan, plan.suites_of(mutants)):
            return 1
        for mutant in mutants:
            if mutant.name not in results:
                results[mutant.name] = catcher(plan, mutant)
                write_json(RESULTS, results)
            print(f"{mutant.name}: {results[mutant.name] or 'NOT CAUGHT'}", flush=True)
        write_page(plan, results)
    except CrosscamError as error:
        print(f"crosscam: {error}", file=sys.stderr)
        return 2
    return 0 if all(results.values()) else 1


if __name__ == "__main__":
    raise SystemExit(main())
