"""What the clock trees of the families share: the clocks they give, prescalers, buses. Frequencies are in Hz."""

from __future__ import annotations

from dataclasses import dataclass

HSI_H7, CSI_H7, HSI_F7, LSE = 64_000_000, 4_000_000, 16_000_000, 32_768
APB1, APB2 = range(0x40000000, 0x40010000), range(0x40010000, 0x40020000)
AHB_SHIFTS = (0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 6, 7, 8, 9)  # HPRE, D1CPRE: no division by 32
APB_SHIFTS = (0, 0, 0, 0, 1, 2, 3, 4)  # PPRE


@dataclass(frozen=True)
class Accelerator:
    """What FLASH_ACR switches on of an ART accelerator: the cache of instructions, that of data, prefetching."""

    code_cache: bool = False
    data_cache: bool = False
    prefetch: bool = False


NO_ACCELERATOR = Accelerator()


@dataclass(frozen=True)
class Frequencies:
    """Clocks in Hz: ``core``; ``bus``: AXI and AHB, the flash's too; ``apb`` and ``timers``: of APB1 and APB2;
    ``kernels``: of USARTs, SPI and I2C controllers, by the peripheral's address. ``wait_states``: FLASH_ACR.LATENCY;
    ``accelerator``: the caches and the prefetch that FLASH_ACR switches on, where the clock wants to know."""

    core: int
    bus: int
    apb: tuple[int, int]
    timers: tuple[int, int]
    kernels: dict[int, int]
    wait_states: int
    accelerator: Accelerator = NO_ACCELERATOR


def divided(hertz: int, prescaler: int) -> int:
    """After an AHB prescaler field of four bits."""
    return hertz >> AHB_SHIFTS[prescaler & 15]


def timer_clock(bus: int, prescaler: int, most: int) -> int:
    """A timer runs at the bus clock while APB divides it by 2 (``most`` 1) or 4 (2) at most, else at twice (four times)
    APB's (RM0433 8.5.17 and table 54, RM0385 5.2: TIMPRE)."""
    shift = APB_SHIFTS[prescaler & 7]
    return bus if shift <= most else (bus >> shift) << most


def own_bus(address: int, apb: tuple[int, int]) -> int:
    """The clock of the bus a peripheral is on."""
    return apb[address in APB2]
