"""Types under the names that Renode's board files after 1.16.1, or those of other families, use for the same block."""

from __future__ import annotations

from typing import Annotated

from sim.engine.devices.base import Services
from sim.engine.devices.stm32_ldma import Stm32Ldma
from sim.engine.devices.stm32f4_i2c import Stm32F4I2c
from sim.engine.devices.stm32f4_rng import Stm32F4Rng
from sim.engine.members import Between


class Stm32F1I2c(Stm32F4I2c):
    """The I2C of F1, F2, F4 and L1 is one block (RM0008 26.6, RM0090 27.6)."""

    RENODE_TYPES = ("I2C.STM32F1_I2C",)


class Stm32Rng(Stm32F4Rng):
    """The random number generator that all families have; ``series`` changes nothing that is modelled."""

    RENODE_TYPES = ("Miscellaneous.STM32_RNG",)

    def __init__(self, services: Services, name: str, *, series: str | int | None = None) -> None:
        super().__init__(services, name)


class Stm32G0Dma(Stm32Ldma):
    """The basic DMA of F0, F1, G0, L0: ``number_of_channels`` of them, without double buffering (RM0444 10.6)."""

    RENODE_TYPES = ("DMA.STM32G0DMA",)

    def __init__(self, services: Services, name: str, *, number_of_channels: Annotated[int, Between(1, 8)]) -> None:
        super().__init__(services, name)
        for channel in [key for key in self.outputs if isinstance(key, int) and key >= number_of_channels]:
            del self.outputs[channel]
