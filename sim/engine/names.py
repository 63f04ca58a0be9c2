"""C# names <-> Python names: Renode's ``OnGPIO`` is our ``on_gpio``."""

from __future__ import annotations

import functools
import re

_WORD = re.compile(r"[A-Z]{2,}s(?=[A-Z_]|$)|[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z0-9]+|[A-Z]+[0-9]*")


@functools.cache
def snake_case(name: str) -> str:
    """``numberOfAFs`` -> ``number_of_afs``, ``PerformanceInMips`` -> ``performance_in_mips``."""
    if "_" in name:
        return name.lower()
    return "_".join(word.lower() for word in _WORD.findall(name))


def camel_case(name: str) -> str:
    """``number_of_outputs`` -> ``numberOfOutputs``: how a .repl spells a parameter of ours."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
