"""I2C of STM32F1, F2 and L1 under the name that Renode's board files after 1.16.1 use."""

from __future__ import annotations

from sim.engine.devices.i2c.stm32f4_i2c import Stm32F4I2c


class Stm32F1I2c(Stm32F4I2c):
    """The I2C of F1, F2, F4 and L1 is one block (RM0008 26.6, RM0090 27.6)."""

    RENODE_TYPES = ("I2C.STM32F1_I2C",)
