"""What profile and coverage read of strangers: debug information, earlier results, recorded figures."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import ClassVar

from sim.bench.toolchains import installed
from sim.coverage import lcov
from sim.coverage.program import Program
from sim.errors import CrosscamError
from sim.fuzz.file_targets import FileTarget
from sim.profile.baseline import KINDS, Baseline, Conditions, Tolerances

_SOURCE = """
int f(int a) { if (a > 3) return a * 2;
 return a - 1; }
int start(void) { int s = 0;
 for (int i = 0; i < 9; i++) s += f(i);
 return s; }
"""
_COMPILE_SECONDS = 120


class DebugInformation(FileTarget):
    """ELF files with line tables, as each installed compiler makes them; changes go where debug information lies."""

    NAME = "dwarf_lines"
    FILE = "firmware.elf"
    WORDS: ClassVar[tuple[str, ...]] = (".debug_line", "\xff\xff\xff\xff", "\x80\x80\x80\x80\x7f", "\0\0\0\0", "\5\0")

    def __init__(self) -> None:
        self._seeds: list[bytes] = []

    def corpus(self) -> list[bytes]:
        """A small program of each compiler, in DWARF 4 and 5."""
        import subprocess

        for compiler in installed().values():
            for version in ("-gdwarf-4", "-gdwarf-5"):
                Path("source.c").write_text(_SOURCE)
                command = [*compiler, version, "-O1", "-nostdlib", "-ffreestanding", "-Wl,-e,start", "source.c"]
                done = subprocess.run(
                    [*command, "-o", "seed.elf"], capture_output=True, timeout=_COMPILE_SECONDS, check=False
                )
                if done.returncode == 0:
                    self._seeds.append(Path("seed.elf").read_bytes())
        if not self._seeds:
            raise CrosscamError("no compiler for the target: install arm-none-eabi-gcc or the extra [zig]")
        return list(self._seeds)

    def generate(self, source: random.Random) -> bytes | None:
        """Some bytes of the last half of a seed, where tables and debug information are, are others."""
        if not self._seeds:
            return None
        data = bytearray(source.choice(self._seeds))
        for _ in range(source.choice((1, 2, 4, 16))):
            at = source.randrange(len(data) // 4, len(data))
            data[at] = source.choice((0, 1, 0x7F, 0x80, 0xFF, source.randrange(256)))
        return bytes(data)

    def read(self, path: Path) -> None:
        """Lines, branches and functions."""
        Program(path)


class CoverageFiles(FileTarget):
    """lcov's ``.info``."""

    NAME = "lcov"
    FILE = "earlier.info"
    WORDS: ClassVar[tuple[str, ...]] = ("SF:", "DA:1,", "BRDA:1,0,0,-", "FN:1,f", "FNDA:", "end_of_record", "9" * 5000)

    def corpus(self) -> list[bytes]:
        """One file."""
        rows = ("TN:t", "SF:a.c", "FN:1,f", "FNDA:2,f", "BRDA:3,0,0,1", "BRDA:3,0,1,-", "DA:3,1", "end_of_record")
        return ["\n".join(rows).encode()]

    def read(self, path: Path) -> None:
        """Read it, and write it again."""
        lcov.written(lcov.read(path))


class Baselines(FileTarget):
    """Recorded figures."""

    NAME = "baseline"
    FILE = "baseline.json"

    def corpus(self) -> list[bytes]:
        """Some of each kind."""
        figures = {kind: {"a": 1, "b": 2} for kind in KINDS}
        return [json.dumps(Baseline(Conditions(), Tolerances(), figures).document()).encode()]

    def read(self, path: Path) -> None:
        """Read it."""
        Baseline.read(path)
