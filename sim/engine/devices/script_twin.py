"""Native forms of scripts: a .repl names a script for Renode's sake, and the engine runs a class that does the same.

A twin stands for one text of a script, known by its SHA-256, wherever the file lies: whoever changes the script, or a
copy of it, gets what he wrote. ``sim/tests/test_script_twins.py`` holds both against each other and says the number
when the script has changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from sim.engine.devices.base import Services
from sim.engine.devices.registers import RegisterDevice
from sim.reading import plain_bytes

if TYPE_CHECKING:
    Make = Callable[[Services, str], RegisterDevice]

LARGEST_SCRIPT = 4 << 20
"""Bytes of a script's file."""
_TWINS: dict[str, Make] = {}


def digest(text: str) -> str:
    """What a script is known by; the kind of line ends does not matter."""
    return hashlib.sha256("\n".join(text.splitlines()).encode()).hexdigest()


def twin_of(script: str) -> Callable[[Make], Make]:
    """Decorator: the class is the native form of the script with this ``digest``."""

    def register(make: Make) -> Make:
        _TWINS[script] = make
        return make

    return register


def find_twin(path: Path) -> Make | None:
    """The native form of the script at ``path``; None where there is none, or no such file."""
    try:
        return _TWINS.get(digest(plain_bytes(path, LARGEST_SCRIPT).decode("utf-8")))
    except (OSError, ValueError):
        return None
