"""A profile as a JSON document, and the figures of many that tables and documents show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from sim.engine.observe.profile.interrupts import ExceptionTimes
from sim.profile.profiler import Profile

FORMAT = "crosscam-profile-1"


def document(profile: Profile, what: str) -> dict[str, object]:
    """Everything a profile says; times in core cycles, sizes in bytes."""
    return {
        "format": FORMAT,
        "measured": what,
        "cycles": profile.cycles,
        "hertz": profile.hertz,
        "clock": profile.clock,
        "functions": [asdict(each) for each in profile.functions],
        "lines": [
            {"file": file, "line": line, "cycles": cycles}
            for (file, line), cycles in sorted(profile.lines.items(), key=lambda each: (-each[1], each[0]))
        ],
        "layers": [asdict(layer) | {"cycles": cycles} for layer, cycles in profile.layers],
        "stacks": [{"names": stack.names, "cycles": stack.cycles} for stack in profile.stacks],
        "interrupts": {
            name: {
                "handler": profile.handlers.get(name, ""),
                "latency": summary(times.latencies),
                "duration": summary(times.durations),
            }
            for name, times in profile.interrupts.items()
        },
        "stack_use": [asdict(each) for each in profile.stack_use],
        "memories": [asdict(each) for each in profile.memories],
        "flash": profile.flash,
        "events": profile.events,
        "traffic": [
            {"master": master, "where": where, "kind": "write" if written else "read", "bytes": count}
            for (master, where, written), count in sorted(profile.moved.items())
        ],
    }


def summary(values: Sequence[int]) -> dict[str, object]:
    """Count, least, median, greatest, and a histogram: how many values below each power of two."""
    if not values:
        return {"count": 0}
    ordered = sorted(values)
    return {
        "count": len(ordered),
        "least": ordered[0],
        "median": ordered[len(ordered) // 2],
        "greatest": ordered[-1],
        "histogram": histogram(ordered),
    }


def histogram(values: Sequence[int]) -> dict[int, int]:
    """Upper bound (a power of two, excluded) -> values between it and the bound before."""
    found: dict[int, int] = {}
    for value in sorted(values):
        bound = 1 << max(0, value).bit_length()
        found[bound] = found.get(bound, 0) + 1
    return found


def quantiles(times: ExceptionTimes) -> tuple[int, int, int, int]:
    """Median and greatest of latencies and durations; 0 where there are none."""

    def of(values: Sequence[int]) -> tuple[int, int]:
        ordered = sorted(values)
        return (ordered[len(ordered) // 2], ordered[-1]) if ordered else (0, 0)

    return *of(times.latencies), *of(times.durations)
