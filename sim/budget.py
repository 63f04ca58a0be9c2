"""What a vision firmware may take: cycles of a frame and of each layer, time to boot, stack, memories.

The figures are the firmware's own words on its console (commands ``p`` and ``i``), so they hold for any model the
firmware is built around. A file holds the budgets of several builds, told apart by their compiler.
"""

from __future__ import annotations

import json
import math
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sim.boot import Board
from sim.console import is_banner
from sim.errors import CrosscamError, shown
from sim.files import write_text
from sim.profile.baseline import Row

KINDS = ("cycles", "layers", "boot", "stack", "memory")
"""Cycles, cycles, microseconds of virtual time, bytes, bytes."""
TOLERANCES = {"cycles": 0.2, "layers": 0.5, "boot": 1.0, "stack": 0.0, "memory": 0.0}
"""Percent a figure may be above its budget, unless the file says otherwise."""
FRAMES = 3
_SECONDS = 20.0  # of virtual time for all of it
_LARGEST_FILE = 1 << 20
_LAYER = re.compile(r"layer +(\d+) (\S+) +(\S+) +\d+ MAC +(\d+) cycles", re.ASCII)
_CAMERA_PATH = re.compile(r"camera path (\d+) cycles", re.ASCII)
_MEMORY = re.compile(r"([A-Za-z][\w -]*) (\d+)/\d+", re.ASCII)
_STACK = re.compile(r"stack: (\d+)/\d+ bytes", re.ASCII)
Figures = dict[str, dict[str, int]]
"""Kind -> name -> figure."""


def measure(elf: Path, frames: Path, timing: str) -> Figures:
    """Boot ``elf``, take ``FRAMES`` frames, then ask for its profile and its memories.

    Raises:
        CrosscamError: it is not the vision application, or does not answer.
    """
    board = Board(elf, frames, timing)
    times: dict[str, int] = {}

    def note(text: str) -> None:
        name = "banner" if is_banner(text) else "first frame" if board.predictions else ""
        if name:
            times.setdefault(name, round(board.seconds * 1_000_000))

    board.on_line.append(lambda line: note(line.text))
    if not board.run_until(lambda: len(board.predictions) >= FRAMES, _SECONDS):
        raise CrosscamError(f"{elf}: {len(board.predictions)} of {FRAMES} frames came; expected the vision firmware")
    figures: Figures = {"cycles": {"frame": max(each.cycles for each in board.predictions[:FRAMES])}, "boot": times}
    profile = _answer(board, "p", "total ")
    figures["layers"] = {
        f"{int(number):02d} {name}": int(cycles) for number, name, _, cycles in _LAYER.findall(profile)
    }
    if (camera_path := _CAMERA_PATH.search(profile)) is not None:
        figures["layers"]["camera path"] = int(camera_path[1])
    info = _answer(board, "i", "frames: ")
    stack = _STACK.search(info)
    figures["stack"] = {} if stack is None else {"deepest": int(stack[1])}
    line = next((line for line in info.splitlines() if line.startswith("memory: ")), "")
    figures["memory"] = {name.strip(): int(used) for name, used in _MEMORY.findall(line.removeprefix("memory: "))}
    empty = [kind for kind in KINDS if not figures[kind]]
    if empty:
        raise CrosscamError(
            f"{elf}: its console tells no {empty[0]}; expected commands `p` and `i` of the vision firmware"
        )
    return figures


def _answer(board: Board, command: str, last: str) -> str:
    """What the console says to ``command``, up to the line that begins with ``last``."""
    board.type_text("x\r")
    board.run_until(lambda: board.lines[-1].text.startswith("stopped"), _SECONDS)
    before = len(board.lines)
    board.type_text(f"{command}\r")
    board.run_until(lambda: any(line.text.startswith(last) for line in board.lines[before:]), _SECONDS)
    return "\n".join(line.text for line in board.lines[before:])


@dataclass
class Budgets:
    """``builds``: compiler -> figures; ``tolerances`` in percent by kind."""

    timing: str = "cortex-m7"
    tolerances: dict[str, float] = field(default_factory=lambda: dict(TOLERANCES))
    builds: dict[str, Figures] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> Budgets:
        """The budgets in ``path``; CrosscamError when it cannot be read or holds something else."""
        try:
            if path.stat().st_size > _LARGEST_FILE:
                raise ValueError(f"larger than {_LARGEST_FILE} bytes")
            content = tomllib.loads(path.read_text(encoding="utf-8"))
            builds = {each["compiler"]: _figures(each) for each in content["build"]}
            tolerances = {kind: float(value) for kind, value in content.get("tolerance", {}).items()}
            timing = content.get("timing", "cortex-m7")
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise CrosscamError(
                f"{path}: no budgets ({shown(error, 80)}); make them with `crosscam budget update {path}`"
            ) from error
        strange = sorted(set(tolerances) - set(KINDS))
        if strange or not all(0 <= value < 1000 and math.isfinite(value) for value in tolerances.values()):
            raise CrosscamError(f"{path}: [tolerance]: expected percents of {', '.join(KINDS)}")
        if not isinstance(timing, str):
            raise CrosscamError(f"{path}: timing: expected a text such as cortex-m7")
        return cls(timing, TOLERANCES | tolerances, builds)

    def write(self, path: Path) -> None:
        """TOML; CrosscamError when ``path`` cannot be written."""
        lines = [
            "# Made by `crosscam budget update`; `crosscam budget check` fails when a figure is above its budget.\n"
        ]
        lines += [f"timing = {json.dumps(self.timing)}\n", "\n[tolerance] # percent\n"]
        lines += [f"{kind} = {value}\n" for kind, value in self.tolerances.items()]
        for compiler, figures in sorted(self.builds.items()):
            lines.append(f"\n[[build]]\ncompiler = {json.dumps(compiler)}\n")
            for kind in KINDS:
                lines.append(f"\n[build.{kind}]\n")
                lines += [f"{json.dumps(name)} = {value}\n" for name, value in figures[kind].items()]
        write_text(path, "".join(lines))

    def compare(self, compiler: str, now: Figures) -> list[Row]:
        """Every figure of either, those above their budget first, the largest excess first.

        Raises:
            CrosscamError: there is no budget for this compiler.
        """
        if compiler not in self.builds:
            known = ", ".join(sorted(self.builds)) or "none"
            raise CrosscamError(
                f"no budget for firmware of {shown(compiler, 60)}, only of {shown(known, 90)}; `crosscam budget update`"
            )
        rows = list(self._rows(self.builds[compiler], now))
        return sorted(
            rows, key=lambda row: (row.passed, KINDS.index(row.kind), -((row.now or 0) - row.allowed), row.name)
        )

    def _rows(self, recorded: Mapping[str, Mapping[str, int]], now: Figures) -> Iterator[Row]:
        for kind in KINDS:
            for name in {**recorded[kind], **now[kind]}:
                before = recorded[kind].get(name)
                allowed = math.floor((before or 0) * (1 + self.tolerances[kind] / 100))
                yield Row(kind, name, before, now[kind].get(name), allowed)


def _figures(build: Mapping[str, object]) -> Figures:
    figures: Figures = {}
    for kind in KINDS:
        rows = build[kind]
        if not isinstance(rows, dict) or not all(type(value) is int and value >= 0 for value in rows.values()):
            raise ValueError(f"{kind}: expected names and whole numbers")
        figures[kind] = rows
    return figures
