"""``python -m sim.fuzz [PARSER...] [-n N] [--seed S] [--corpus DIR]``: mutate inputs of each parser, print what breaks.

Exit status 0: nothing found, 1: something was, 2: bad arguments.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from sim.errors import CrosscamError
from sim.fuzz.worker import MEGABYTES, SECONDS, Find, work

TARGETS = {
    "resc_tokens": ("sim.fuzz.monitor_targets", "Tokens"),
    "resc": ("sim.fuzz.monitor_targets", "Scripts"),
    "monitor": ("sim.fuzz.monitor_targets", "MonitorLines"),
    "repl_parse": ("sim.fuzz.platform_targets", "ParsedDescriptions"),
    "repl_build": ("sim.fuzz.platform_targets", "BuiltDescriptions"),
    "frames_json": ("sim.fuzz.file_targets", "FrameLists"),
    "camera_frames": ("sim.fuzz.file_targets", "CameraFolders"),
    "coco_sim": ("sim.fuzz.file_targets", "Annotations"),
    "elf": ("sim.fuzz.file_targets", "ElfFiles"),
    "firmware": ("sim.fuzz.file_targets", "FirmwareFiles"),
    "pictures": ("sim.fuzz.file_targets", "Pictures"),
    "mlperf_log": ("sim.fuzz.file_targets", "Logs"),
    "snapshot": ("sim.fuzz.file_targets", "SavedStates"),
    "dwarf_lines": ("sim.fuzz.debug_targets", "DebugInformation"),
    "lcov": ("sim.fuzz.debug_targets", "CoverageFiles"),
    "baseline": ("sim.fuzz.debug_targets", "Baselines"),
    "robot": ("sim.fuzz.robot_target", "Keywords"),
    "gdb": ("sim.fuzz.gdb_target", "GdbPackets"),
}
"""Name -> module and class of a ``Target``; a parser that is added here is fuzzed."""
HANG_SECONDS = 20.0
"""Wall time after which an input that has not come back is one that hangs."""
START_SECONDS = 180.0
"""The same before the first input: a busy host takes its time to start a process."""
MOST_MEGABYTES = 2500
"""Memory at which a process is ended at once."""
LARGEST = 1 << 16
"""Bytes of a corpus file; what is behind is left out."""


def corpus(folder: Path | None, name: str) -> list[bytes]:
    """The files below ``folder``; where a folder there has the parser's name, those below it."""
    if folder is None:
        return []
    if not folder.is_dir():
        raise CrosscamError(f"--corpus {folder}: no folder: expected one with an input a file")
    own = [each for each in sorted(folder.rglob(name)) if each.is_dir()]
    files = [file for each in own or [folder] for file in sorted(each.rglob("*")) if file.is_file()]
    return [file.read_bytes()[:LARGEST] for file in files]


def fuzz(place: tuple[str, str], count: int, seed: int, seeds: list[bytes]) -> list[Find]:
    """Run ``count`` inputs, besides the corpus, through a parser in processes of their own.

    ``place`` is module and class of its ``Target``.
    """
    context = multiprocessing.get_context("spawn")
    finds: dict[str, Find] = {}
    at = context.Value("q", -1)
    first, last = 0, count + len(seeds)
    while first < last:
        ours, theirs = context.Pipe()
        process = context.Process(target=work, args=(*place, seeds, seed, first, last, at, theirs), daemon=True)
        process.start()
        theirs.close()
        index, since, done = first - 1, time.monotonic(), False
        while not done:
            if ours.poll(0.2):
                try:
                    find = ours.recv()
                except EOFError:
                    process.join()
                    find, done = Find(f"the process died (status {process.exitcode})", b"", f"input {at.value}"), True
                if find is None:
                    done = True
                else:
                    finds.setdefault(find.key, find)
                since = time.monotonic()
            elif _resident(process.pid) > MOST_MEGABYTES:
                key = f"it takes more than {MOST_MEGABYTES} MB"
                finds.setdefault(key, Find(key, b"", f"input {at.value}"))
                process.kill()
                done = True
            elif at.value != index:
                index, since = at.value, time.monotonic()
            elif time.monotonic() - since > (HANG_SECONDS if at.value >= first else START_SECONDS):
                finds.setdefault("it hangs", Find("it hangs", b"", f"input {at.value}"))
                process.kill()
                done = True
        process.join()
        first = max(at.value + 1, first + 1)
    return list(finds.values())


def _resident(process: int | None) -> int:
    """Megabytes a process takes now; 0 where nobody can tell."""
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * resource.getpagesize() >> 20
    except (OSError, ValueError, IndexError):
        return 0


def main(targets: Mapping[str, tuple[str, str]] = TARGETS) -> int:
    """Returns the exit status; ``targets`` as ``TARGETS``."""
    parser = argparse.ArgumentParser(
        prog="python -m sim.fuzz",
        description=f"Mutates inputs of each parser. An input may be refused with one line, in {SECONDS:g} s of "
        f"processor time and {MEGABYTES} MB; anything else is printed.",
        epilog="example: python -m sim.fuzz monitor -n 20000 --corpus my/cases",
    )
    parser.add_argument("parsers", nargs="*", metavar="PARSER", help=f"of {', '.join(targets)}; default: all")
    parser.add_argument("-n", type=int, default=2000, help="inputs of each parser (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="another one gives other inputs (default: %(default)s)")
    parser.add_argument("--corpus", type=Path, help="a folder of inputs to run and to mutate, besides our own")
    arguments = parser.parse_args()
    found = 0
    try:
        for name in arguments.parsers or targets:
            if name not in targets:
                raise CrosscamError(f"no parser {name}: expected one of {', '.join(targets)}")
            began = time.monotonic()
            finds = fuzz(targets[name], arguments.n, arguments.seed, corpus(arguments.corpus, name))
            seconds = time.monotonic() - began
            print(f"{name}: {arguments.n} inputs, {len(finds)} finds, {seconds:.0f} s", flush=True)
            for find in finds:
                print(f"  {find.key}\n    input: {find.data[:500]!r}\n    {find.text[:300]!a}", flush=True)
            found += len(finds)
    except CrosscamError as error:
        print(f"crosscam: {error}", file=sys.stderr)
        return 2
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
