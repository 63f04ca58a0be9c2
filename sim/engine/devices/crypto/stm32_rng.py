"""Random number generator under the name that Renode's board files after 1.16.1 use."""

from __future__ import annotations

from sim.engine.devices.base import Services
from sim.engine.devices.crypto.stm32f4_rng import Stm32F4Rng


class Stm32Rng(Stm32F4Rng):
    """The random number generator that all families have; ``series`` changes nothing that is modelled."""

    RENODE_TYPES = ("Miscellaneous.STM32_RNG",)

    def __init__(self, services: Services, name: str, *, series: str | int | None = None) -> None:
        super().__init__(services, name)
