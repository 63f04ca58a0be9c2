"""Faults of clocks: a crystal that is dead, a PLL that never locks, a watchdog without its clock."""

from __future__ import annotations

from sim.engine.devices.base import Device
from sim.engine.devices.timers.stm32_independent_watchdog import Stm32IndependentWatchdog
from sim.faults.board import FaultBoard
from sim.faults.kinds import fault
from sim.faults.registers import hold_bits

_RCC_CR, _HSERDY, _PLLRDY = 0x00, 1 << 17, 1 << 25  # where they are on all of F1, F2, F4, F7, L0, H7


@fault("clock.hse-dead")
def hse_dead(board: FaultBoard, device: str = "sysbus.rcc", ms: int = 0) -> None:
    """The crystal does not swing: HSERDY stays 0."""
    hold_bits(board, board.device(device, Device), _RCC_CR, _HSERDY, 0, ms)


@fault("clock.pll-never-ready")
def pll_never_ready(board: FaultBoard, device: str = "sysbus.rcc", ms: int = 0) -> None:
    """The PLL does not lock: its ready flag stays 0."""
    hold_bits(board, board.device(device, Device), _RCC_CR, _PLLRDY, 0, ms)


@fault("clock.lsi-off")
def lsi_off(board: FaultBoard, device: str = "") -> None:
    """LSI does not run: the independent watchdog never bites, and its registers are never updated."""
    board.only(device, Stm32IndependentWatchdog).stop_clock()
