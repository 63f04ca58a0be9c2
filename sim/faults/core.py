"""Faults of a program that hangs, and of the watchdog that is there for it."""

from __future__ import annotations

from sim.engine.devices.timers.stm32_independent_watchdog import Stm32IndependentWatchdog
from sim.faults.board import FaultBoard
from sim.faults.kinds import fault

_BRANCH_TO_ITSELF = bytes.fromhex("fee7")


@fault("watchdog.hang")
def hang(board: FaultBoard, at: str) -> None:
    """The program hangs: a function does not come back, until the next reset.

    ``at``: the function, or an address.
    """
    machine, address = board.machine, board.address(at) & ~1
    original = machine.sysbus.read_bytes(address, 2)
    machine.sysbus.write_bytes(address, _BRANCH_TO_ITSELF)

    def mend() -> None:
        machine.on_reset.remove(mend)
        machine.sysbus.write_bytes(address, original)

    machine.on_reset.append(mend)


@fault("watchdog.bites")
def bites(board: FaultBoard, device: str = "") -> None:
    """The watchdog bites although it was refreshed in time."""
    watchdog = board.only(device, Stm32IndependentWatchdog)
    board.machine.request_reset(f"IWDG1: {watchdog.name} bites too early")
