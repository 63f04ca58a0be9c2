"""Faults of the supply."""

from __future__ import annotations

import random

from sim.faults.board import FaultBoard
from sim.faults.kinds import fault

POWER_ON = "power-on"
"""What a machine's ``last_reset`` says of a start without a history; the reset controllers know it."""


@fault("power.loss")
def loss(board: FaultBoard, seed: int = 1) -> None:
    """Power goes and comes back: what was in RAM is gone."""
    machine, noise = board.machine, random.Random(seed)
    programmed = [address for address, content in machine.symbols.segments if content]
    for start, end, memory in machine.sysbus.memories:
        if not any(start <= address < end for address in programmed):
            machine.sysbus.write_bytes(start, noise.randbytes(memory.size))
    machine.request_reset(POWER_ON)


@fault("power.brown-out")
def brown_out(board: FaultBoard) -> None:
    """The supply dips below what the core needs: a reset; RAM survives."""
    board.machine.request_reset("BOR: the supply dipped")
