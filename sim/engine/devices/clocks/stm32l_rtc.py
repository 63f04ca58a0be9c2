"""Real-time clock of STM32L1 as Renode's L1 and L5 board files name it.

Renode's ``STM32L_RTC`` is a bare wake-up timer with one interrupt; on the chip the clock is the F4's (RM0038 section
20), so here it is that one with the wake-up line as ``IRQ``, and RTCCLK from the 32768 Hz crystal.
"""

from __future__ import annotations

from sim.engine.devices.base import Services
from sim.engine.devices.clocks.stm32f4_rtc import Stm32F4Rtc


class Stm32LRtc(Stm32F4Rtc):
    """The F4's clock with one interrupt."""

    HAS_DEFAULT_OUTPUT = True
    RENODE_TYPES = ("STM32L_RTC",)

    def __init__(self, services: Services, name: str) -> None:
        super().__init__(services, name)
        self.wakeup_irq = self.outputs["IRQ"] = self.outputs.pop("WakeupIRQ")
