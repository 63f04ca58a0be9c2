"""Clock trees of the STM32F4 (RM0090 section 7, RM0390 section 6) and the STM32L4+ (RM0432 section 6)."""

from __future__ import annotations

from typing import Protocol

from sim.engine.timing.clock_parts import (
    APB_SHIFTS,
    HSI_F7,
    LSE,
    Accelerator,
    Frequencies,
    divided,
    own_bus,
    timer_clock,
)


class Registers(Protocol):
    """The registers of a board's RCC, PWR and flash controller by offset, and its crystal in Hz."""

    @property
    def hse(self) -> int: ...

    def rcc(self, offset: int) -> int:
        """A register of the RCC."""

    def power(self, offset: int) -> int:
        """A register of the PWR."""

    def latency(self) -> int:
        """FLASH_ACR.LATENCY."""

    def accelerator(self) -> Accelerator:
        """What FLASH_ACR switches on."""


# STM32F4

_F4_PLL, _F4_CFGR, _F4_DEDICATED = 0x04, 0x08, 0x8C
_F4_SERIAL = (
    0x40011000, 0x40004400, 0x40004800, 0x40004C00, 0x40005000, 0x40011400, 0x40007800, 0x40007C00, 0x40005400,
    0x40005800, 0x40005C00, 0x40013000, 0x40003800, 0x40003C00, 0x40013400, 0x40015000, 0x40015400,
)  # fmt: skip
"""USARTs, I2C and SPI controllers: each at its bus's clock."""


def f4_frequencies(tree: Registers) -> Frequencies | None:
    """None while the registers make no clock. SW 11 is the F446's PLL_R (RM0390 6.3.3)."""
    configuration, word = tree.rcc(_F4_CFGR), tree.rcc(_F4_PLL)
    switched = configuration >> 2 & 3
    system = (HSI_F7, tree.hse, 0, 0)[switched]
    if switched >= 2:
        source = tree.hse if word >> 22 & 1 else HSI_F7
        divider = 2 * (word >> 16 & 3) + 2 if switched == 2 else word >> 28 & 7
        if not word & 0x3F or not divider:
            return None
        system = source * (word >> 6 & 0x1FF) // (word & 0x3F) // divider
    core = divided(system, configuration >> 4)
    if core <= 0:
        return None
    prescalers = (configuration >> 10 & 7, configuration >> 13 & 7)
    most = 2 if tree.rcc(_F4_DEDICATED) >> 24 & 1 else 1  # TIMPRE, of the F42x, F43x and F446
    apb = (core >> APB_SHIFTS[prescalers[0]], core >> APB_SHIFTS[prescalers[1]])
    timers = (timer_clock(core, prescalers[0], most), timer_clock(core, prescalers[1], most))
    kernels = {address: own_bus(address, apb) for address in _F4_SERIAL}
    return Frequencies(core, core, apb, timers, kernels, tree.latency(), tree.accelerator())


def f4_scale(tree: Registers) -> int:
    """One table for all voltage scales: wait states follow the supply (RM0090 table 10), taken for 2.7 V and more."""
    return 1


# STM32L4 and L4+

HSI_L4 = 16_000_000
_L4_CR, _L4_CFGR, _L4_PLL, _L4_CSR, _L4_KERNELS = 0x00, 0x08, 0x0C, 0x94, 0x88
MSI_RANGES = (
    100_000, 200_000, 400_000, 800_000, 1_000_000, 2_000_000, 4_000_000, 8_000_000, 16_000_000, 24_000_000, 32_000_000,
    48_000_000,
)  # fmt: skip
"""RM0432 6.4.1, MSIRANGE."""
_L4_USARTS = (0x40013800, 0x40004400, 0x40004800, 0x40004C00, 0x40005000, 0x40008000)  # USART1-3, UART4-5, LPUART1
_L4_I2CS = (0x40005400, 0x40005800, 0x40005C00)
_L4_SPIS = (0x40013000, 0x40003800, 0x40003C00)


def l4_msi(tree: Registers) -> int:
    """Of MSIRANGE in CR or, until MSIRGSEL says so, the range after standby in CSR."""
    control = tree.rcc(_L4_CR)
    chosen = control >> 4 & 15 if control >> 3 & 1 else tree.rcc(_L4_CSR) >> 8 & 15
    return MSI_RANGES[min(chosen, len(MSI_RANGES) - 1)]


def l4_frequencies(tree: Registers) -> Frequencies | None:
    """None while the registers make no clock."""
    configuration, word = tree.rcc(_L4_CFGR), tree.rcc(_L4_PLL)
    msi = l4_msi(tree)
    sources = (0, msi, HSI_L4, tree.hse)
    switched = configuration >> 2 & 3
    system = (msi, HSI_L4, tree.hse, 0)[switched]
    if switched == 3:
        multiplied = sources[word & 3] * (word >> 8 & 0x7F) // ((word >> 4 & 15) + 1)
        system = multiplied // (2 * (word >> 25 & 3) + 2)
    core = divided(system, configuration >> 4)
    if core <= 0:
        return None
    prescalers = (configuration >> 8 & 7, configuration >> 11 & 7)
    apb = (core >> APB_SHIFTS[prescalers[0]], core >> APB_SHIFTS[prescalers[1]])
    timers = (timer_clock(core, prescalers[0], 1), timer_clock(core, prescalers[1], 1))
    choices = tree.rcc(_L4_KERNELS)
    kernels = {}
    for index, address in enumerate(_L4_USARTS):
        kernels[address] = (own_bus(address, apb), system, HSI_L4, LSE)[choices >> 2 * index & 3]
    for index, address in enumerate(_L4_I2CS):
        kernels[address] = (apb[0], system, HSI_L4, apb[0])[choices >> 12 + 2 * index & 3]
    kernels.update((address, own_bus(address, apb)) for address in _L4_SPIS)
    return Frequencies(core, core, apb, timers, kernels, tree.latency(), tree.accelerator())


def l4_scale(tree: Registers) -> int:
    """PWR_CR1.VOS: 01 is range 1, 10 range 2 (RM0432 5.4.1)."""
    return 2 if tree.power(0x00) >> 9 & 3 == 2 else 1
