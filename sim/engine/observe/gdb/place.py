"""Where a machine stands in time."""

from __future__ import annotations

from typing import NamedTuple

from sim.engine.machine import Machine
from sim.engine.native import shared


class Place(NamedTuple):
    """Before an instruction: the cycle and its address. Two instructions of one cycle have two addresses."""

    cycle: int
    pc: int


def place_of(machine: Machine) -> Place:
    """The same however the machine came there.

    A core that stops at the first instruction of a block may have counted what it costs to get there (the fetch), or
    not yet: the cycle is that before.
    """
    cpu, state = machine.cpu, machine.engine.state
    pc = cpu.pc
    inside = cpu.hooking.inside.active and pc == state[shared.BLOCK_ADDRESS]
    return Place(machine.timing.block_entered(state) if inside else state[shared.NOW], pc)
