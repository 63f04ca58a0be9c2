"""What the nodes of the call tree are called."""

from __future__ import annotations

from sim.engine.cortex_m.exceptions import name_of
from sim.engine.observe.record.function_map import FunctionMap
from sim.engine.observe.record.recorder import EXCEPTION, SLEEP, THREAD

SLEEP_NAME = "[sleep]"


def node_name(function: int, names: FunctionMap) -> str:
    """A function's name, or in brackets what is none: an exception, sleep, a thread."""
    if function >= EXCEPTION:
        return f"[{name_of(function - EXCEPTION)}]"
    if function >= SLEEP:
        return SLEEP_NAME
    if function >= THREAD:
        return f"[thread {function - THREAD}]"
    return names.name(function)
