"""Reset and clock control of STM32F7 where the board names a script for Renode (RM0385 section 5).

The native form of ``sim/peripherals/stm32f7_rcc.py``: the F4's, with the real-time clock found by its address.
"""

from __future__ import annotations

from sim.engine.devices.base import Services
from sim.engine.devices.clocks.stm32f4_rcc import Stm32F4Rcc
from sim.engine.devices.script_twin import twin_of


@twin_of("d8e7fe6f1015d6f99ca6430c9c0b2acdead61c473db1ba99a4df5aa83267bae7")
class Stm32F7Rcc(Stm32F4Rcc):
    """All RCC registers."""

    RENODE_TYPES = ()
    RTC_ADDRESS = 0x40002800

    def __init__(self, services: Services, name: str) -> None:
        super().__init__(services, name, rtc_peripheral=None)
