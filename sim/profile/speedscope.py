"""Call stacks in the format of speedscope.app (github.com/jlfwong/speedscope, file-format-schema.json)."""

from __future__ import annotations

from collections.abc import Sequence

from sim.profile.call_tree import CallStack

SCHEMA = "https://www.speedscope.app/file-format-schema.json"


def speedscope(stacks: Sequence[CallStack], title: str, exporter: str = "crosscam") -> dict[str, object]:
    """The document, to be written as JSON; weights are core cycles."""
    numbers: dict[str, int] = {}
    samples = [[numbers.setdefault(name, len(numbers)) for name in stack.names] for stack in stacks]
    weights = [stack.cycles for stack in stacks]
    profile = {
        "type": "sampled",
        "name": title,
        "unit": "none",
        "startValue": 0,
        "endValue": sum(weights),
        "samples": samples,
        "weights": weights,
    }
    return {
        "$schema": SCHEMA,
        "exporter": exporter,
        "name": title,
        "activeProfileIndex": 0,
        "shared": {"frames": [{"name": name} for name in numbers]},
        "profiles": [profile],
    }
