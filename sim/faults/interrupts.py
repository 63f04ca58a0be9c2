"""Faults of interrupt requests: what reaches the controller's inputs is not what the devices have sent."""

from __future__ import annotations

from typing import Any

from sim.engine.cortex_m.exceptions import EXTERNAL
from sim.engine.cortex_m.nvic import INTERRUPTS
from sim.errors import CrosscamError
from sim.faults.board import FaultBoard, put_before
from sim.faults.kinds import fault

_INPUT = "set_level"
"""Scripted devices keep what they have looked up of the controller, so the faults stand behind that."""


def _exception(number: int) -> int:
    if number >= INTERRUPTS:
        raise CrosscamError(f"interrupt {number}: expected 0 to {INTERRUPTS - 1}")
    return EXTERNAL + number


@fault("irq.lost")
def lost(board: FaultBoard, number: int = 0, times: int = 1) -> None:
    """An interrupt request gets lost on its way."""
    wanted, left = _exception(number), times

    def pass_on(original: Any, line: int, level: bool) -> None:
        nonlocal left
        if line == wanted and level and left:
            left -= 1
        else:
            original(line, level)

    put_before(board.machine.nvic.exceptions, _INPUT, pass_on)


@fault("irq.late")
def late(board: FaultBoard, number: int = 0, us: int = 1000, times: int = 1) -> None:
    """An interrupt request arrives late, if it is still there then."""
    wanted, left, clock = _exception(number), times, board.machine.clock
    level_now = False

    def pass_on(original: Any, line: int, level: bool) -> None:
        nonlocal left, level_now
        if line != wanted:
            original(line, level)
            return
        level_now = level
        if level and left:
            left -= 1
            clock.schedule(clock.frequency * us // 1_000_000, lambda: arrive(original))
        else:
            original(line, level)

    def arrive(original: Any) -> None:
        original(wanted, level_now)
        nvic.recheck()

    nvic = board.machine.nvic
    put_before(nvic.exceptions, _INPUT, pass_on)


@fault("irq.spurious")
def spurious(board: FaultBoard, number: int = 0) -> None:
    """An interrupt comes that nobody has asked for."""
    board.machine.nvic.pend(_exception(number))


@fault("irq.storm")
def storm(board: FaultBoard, number: int = 0, ms: int = 0) -> None:
    """An interrupt line stays up, whatever the handler does."""
    wanted, nvic = _exception(number), board.machine.nvic
    level_now = False

    def hold(original: Any, line: int, level: bool) -> None:
        nonlocal level_now
        if line == wanted:
            level_now = level
        else:
            original(line, level)

    nvic.exceptions.set_level(wanted, True)
    nvic.recheck()
    end = put_before(nvic.exceptions, _INPUT, hold)

    def let_go() -> None:
        end()
        nvic.exceptions.set_level(wanted, level_now)
        nvic.recheck()

    board.later(ms, let_go)
