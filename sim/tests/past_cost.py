"""``python -m sim.tests.past_cost ELF FRAMES``: what going back costs, and whether it lands where it should.

Boots the vision firmware, runs it to its tenth frame, then steps back at random points of the last frame. Each place,
registers and all memories, is held against a forward run that walked there.
"""

from __future__ import annotations

import hashlib
import random
import statistics
import sys
import time
from pathlib import Path

from sim.boot import BOARD_SCRIPT
from sim.bringup.debugging import DebuggedBoard
from sim.engine.observe.gdb.place import Place
from sim.engine.observe.past.timeline import Timeline
from sim.watch.warnings import WarningLog

POINTS, FRAMES = 200, 10


def never() -> bool:
    """Nobody interrupts."""
    return False


def state(timeline: Timeline) -> tuple[Place, dict[str, int], str]:
    """Place, registers, and a digest of all memories."""
    digest = hashlib.sha256()
    for area in timeline.features().areas:
        if not 0x40000000 <= area.start < 0x60000000 and area.start < 0xE0000000:
            digest.update(timeline.read_memory(area.start, area.end - area.start))
    return timeline.place, timeline.registers(), digest.hexdigest()


def megabytes() -> float:
    """Memory of all processes of this session, what they share counted once (Linux, proportional set size)."""
    total, group = 0, str(_group())
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if (entry / "stat").read_text().rpartition(")")[2].split()[2] == group:
                rollup = (entry / "smaps_rollup").read_text()
                total += next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
        except (OSError, StopIteration):
            continue
    return total / 1024


def _group() -> int:
    import os

    return os.getpgrp()


def main() -> int:
    """Prints figures; status 1 when a place is another than the forward run's."""
    elf, frames = map(Path, sys.argv[1:3])
    with WarningLog(lambda text: None) as warnings:
        board = DebuggedBoard(elf, BOARD_SCRIPT, "cortex-m7", frames, None, [], lambda text: None, warnings)
        timeline = board.timeline
        began = time.monotonic()
        timeline.go_to_frame(FRAMES - 1)
        first = timeline.place.cycle
        timeline.go_to_frame(FRAMES)
        last = timeline.place.cycle
        print(
            f"{FRAMES} frames in {time.monotonic() - began:.1f} s, {timeline.snapshots} snapshots, {megabytes():.0f} MB"
        )
        source, times, wrong = random.Random(14), [], 0
        for cycle in sorted((source.randrange(first, last) for _ in range(POINTS)), reverse=True):
            timeline.go_to_cycle(cycle)
            before = state(timeline)
            for _ in range(source.randrange(1, 4)):
                passed = before
                timeline.step(0, 0, never)
                before = state(timeline)
            began = time.monotonic()
            timeline.step_back(never)
            times.append(time.monotonic() - began)
            wrong += state(timeline) != passed
        print(
            f"{POINTS} steps back: median {statistics.median(times):.2f} s, longest {max(times):.2f} s, {wrong} wrong"
        )
        board.close()
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
