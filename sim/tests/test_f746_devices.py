"""STM32F746: reset and clock control, power, flash interface."""

from __future__ import annotations

import pytest

from sim.engine.bus import MappedMemory
from sim.engine.devices.storage.stm32f4_flash_controller import Stm32F4FlashController, sectors
from sim.engine.devices.system.stm32_pwr import Stm32Pwr
from sim.engine.machine import Machine
from sim.tests.truth_bench import board

RCC, FLASH, FLASH_INTERFACE, GPIOB = 0x40023800, 0x08000000, 0x40023C00, 0x40020400
CR, PLLCFGR, CFGR, AHB1RSTR, AHB1ENR, BDCR, CSR = 0x00, 0x04, 0x08, 0x10, 0x30, 0x70, 0x74


@pytest.fixture(scope="module")
def machine() -> Machine:
    return board(name="stm32f746").machine


def test_the_pll_is_ready_when_on_and_the_switch_follows_only_then(machine: Machine) -> None:
    read, write = machine.sysbus.read, machine.sysbus.write
    assert read(RCC + CR, 4) == 0x83 and read(RCC + PLLCFGR, 4) == 0x24003010
    write(RCC + CFGR, 4, 2)
    assert read(RCC + CFGR, 4) >> 2 & 3 == 0  # the PLL is off
    write(RCC + PLLCFGR, 4, 0x22003608)
    write(RCC + CR, 4, 0x83 | 1 << 24)
    assert read(RCC + CR, 4) & 1 << 25
    write(RCC + CFGR, 4, 0x9402)
    assert read(RCC + CFGR, 4) == 0x940A
    write(RCC + BDCR, 4, 1)
    write(RCC + CSR, 4, 1)
    assert read(RCC + BDCR, 4) == 3 and read(RCC + CSR, 4) & 3 == 3


def test_reset_flags_say_power_on_until_removed(machine: Machine) -> None:
    assert machine.sysbus.read(RCC + CSR, 4) & 0xFE000000 == 0x0E000000
    machine.sysbus.write(RCC + CSR, 4, 1 << 24)
    assert machine.sysbus.read(RCC + CSR, 4) & 0xFE000000 == 0


def test_a_reset_bit_resets_its_peripheral(machine: Machine) -> None:
    read, write = machine.sysbus.read, machine.sysbus.write
    write(GPIOB, 4, 0x55555555)
    write(RCC + AHB1RSTR, 4, 1 << 1)
    assert read(GPIOB, 4) == 0x280
    write(RCC + AHB1ENR, 1, 0xFF)  # one byte lane
    assert read(RCC + AHB1ENR, 4) == 0x001000FF


def test_over_drive_is_ready_when_asked_for(machine: Machine) -> None:
    pwr = machine["sysbus.pwr"]
    assert isinstance(pwr, Stm32Pwr)
    pwr.write(0, 4, 0xC000 | 1 << 16)
    assert pwr.read(4, 4) & 0x34000 == 0x14000
    pwr.write(0, 4, 0xC000 | 3 << 16)
    assert pwr.read(4, 4) & 0x34000 == 0x34000
    pwr.write(0, 4, 0xC000)
    assert pwr.read(4, 4) & 0x34000 == 0x4000 and pwr.read(0, 4) & 3 << 16 == 0


def test_flash_has_wait_states_keys_and_sectors(machine: Machine) -> None:
    read, write = machine.sysbus.read, machine.sysbus.write
    write(FLASH_INTERFACE, 4, 0x307)
    assert read(FLASH_INTERFACE, 4) == 0x307
    write(FLASH + 0x8000, 4, 0)
    write(FLASH + 0x10000, 4, 0)
    start = 1 << 16 | 1 << 3 | 1 << 1  # STRT, sector 1, SER
    write(FLASH_INTERFACE + 0x10, 4, start)  # locked: ignored
    assert read(FLASH + 0x8000, 4) == 0
    for key in (0x45670123, 0xCDEF89AB):
        write(FLASH_INTERFACE + 4, 4, key)
    write(FLASH_INTERFACE + 0x10, 4, start)
    assert read(FLASH + 0x8000, 4) == read(FLASH + 0xFFFC, 4) == 0xFFFFFFFF
    assert read(FLASH + 0x10000, 4) == 0
    assert read(0x00200000 + 0x8000, 4) == 0xFFFFFFFF  # the same memory on the ITCM bus
    assert read(FLASH_INTERFACE + 0x0C, 4) & 1
    write(FLASH_INTERFACE + 0x0C, 4, 1)
    assert read(FLASH_INTERFACE + 0x0C, 4) & 1 == 0


def test_sectors_are_those_of_the_manual() -> None:
    assert [size // 1024 for _, size in sectors(1 << 20)] == [32, 32, 32, 32, 128, 256, 256, 256]
    assert sectors(1 << 20)[-1] == (0xC0000, 0x40000)


def test_mass_erase_without_a_sector_takes_all() -> None:
    machine = Machine("flash")
    memory = MappedMemory(machine, "flash", size=0x40000)
    machine.register("sysbus.flash", memory, FLASH)
    controller = Stm32F4FlashController(machine, "flashController", flash=memory)
    for key in (0x45670123, 0xCDEF89AB):
        controller.write(4, 4, key)
    controller.write(0x10, 4, 1 << 24 | 1 << 16 | 1 << 2)
    assert (memory.array == 0xFF).all() and controller.irq.value
