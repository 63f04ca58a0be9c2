"""Stop mode: while the core sleeps with SCR.SLEEPDEEP set, what its clocks drive stands (RM0433 6.7.6, RM0385 4.3.5).

SysTick and the timers keep their counts, a USART stops in the middle of a character, which is lost. The low-power
timers, the RTC and the independent watchdog run on LSE or LSI and go on, as do pins and EXTI. Only by clocks of board
time: with ``instructions`` all goes on. What is not modelled: PLLs that are off afterwards (the tree goes on as it was
programmed), the time it takes to wake up, USARTs that wake the core (UESM), Standby.
"""

from __future__ import annotations

from typing import Protocol

from sim.engine.cortex_m.cpu import CortexM
from sim.engine.cortex_m.nvic import Nvic
from sim.engine.cortex_m.scb import SCR_SLEEPDEEP
from sim.engine.devices.base import Device
from sim.engine.devices.serial.stm32_serial import Stm32Serial
from sim.engine.devices.timers.stm32_timer import Stm32Timer

_STOPPED = (Nvic, Stm32Timer, Stm32Serial)


class StoppedBoard(Protocol):
    """The machine whose clocks stop."""

    devices: dict[str, Device]


class DeepSleep:
    """Hears of the core's sleep."""

    def __init__(self, board: StoppedBoard, core: CortexM) -> None:
        self._board, self._core = board, core
        self._standing: list[Nvic | Stm32Timer | Stm32Serial] = []
        core.on_sleep.append(self._sleeps)

    def _sleeps(self, asleep: bool) -> None:
        if asleep and self._core.nvic.scb.scr & SCR_SLEEPDEEP:
            self._standing = [device for device in self._board.devices.values() if isinstance(device, _STOPPED)]
            for device in self._standing:
                device.hold()
        else:
            standing, self._standing = self._standing, []
            for device in standing:
                device.resume()
