"""What a machine holds, in a few letters."""

from __future__ import annotations

import ctypes
import hashlib

from sim.engine.observe.gdb.local import LocalDebuggee
from sim.engine.observe.gdb.place import place_of


def digest(debuggee: LocalDebuggee) -> str:
    """SHA-256 of place, registers and memories: the same for machines that stand at the same moment of one run."""
    machine = debuggee.machine
    found = hashlib.sha256(repr((place_of(machine), sorted(debuggee.registers().items()))).encode())
    for start, end, memory in sorted(machine.sysbus.memories, key=lambda each: each[:2]):
        found.update(f"{start:X} {end:X}".encode())
        found.update((ctypes.c_char * memory.size).from_address(memory.host_address))
    return found.hexdigest()
