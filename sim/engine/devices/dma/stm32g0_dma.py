"""Basic DMA of STM32F0, F1, G0 and L0 under the name that Renode's board files after 1.16.1 use."""

from __future__ import annotations

from typing import Annotated

from sim.engine.devices.base import Services
from sim.engine.devices.dma.stm32_ldma import Stm32Ldma
from sim.engine.members import Between


class Stm32G0Dma(Stm32Ldma):
    """The basic DMA of F0, F1, G0, L0: ``number_of_channels`` of them, without double buffering (RM0444 10.6)."""

    RENODE_TYPES = ("DMA.STM32G0DMA",)

    def __init__(self, services: Services, name: str, *, number_of_channels: Annotated[int, Between(1, 8)]) -> None:
        super().__init__(services, name)
        for channel in [key for key in self.outputs if isinstance(key, int) and key >= number_of_channels]:
            del self.outputs[channel]
