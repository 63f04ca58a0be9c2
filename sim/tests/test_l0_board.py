"""An STM32L0 board: its clock controller, power control and flash interface, as one description wires them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sim.engine.devices.clocks.stm32f4_rtc import Stm32F4Rtc
from sim.engine.devices.system.stm32l0_pwr import Stm32L0Pwr
from sim.engine.devices.timers.stm32_lptim import Stm32LpTim
from sim.engine.machine import Machine
from sim.engine.monitor import Monitor

BOARD = """
cpu: CPU.CortexM @ sysbus { cpuType: "cortex-m0+"; nvic: nvic }
nvic: IRQControllers.NVIC @ sysbus 0xE000E000 { priorityMask: 0xF0; systickFrequency: 32000000; IRQ -> cpu@0 }
flash: Memory.MappedMemory @ sysbus 0x08000000 { size: 0x30000 }
eeprom: Memory.MappedMemory @ sysbus 0x08080000 { size: 0x1800 }
sram: Memory.MappedMemory @ sysbus 0x20000000 { size: 0x5000 }
controller: MTD.STM32L0_FlashController @ {
        sysbus 0x40022000;
        sysbus new Bus.BusMultiRegistration { address: 0x1FF80000; size: 0x100; region: "signature" }
    }
    flash: flash
    eeprom: eeprom
rcc: Miscellaneous.STM32L0_RCC @ sysbus 0x40021000 { rtc: rtc; lptimer: lptim1; systick: nvic }
rtc: Timers.STM32F4_RTC @ sysbus 0x40002800
pwr: Miscellaneous.STM32L0_PWR @ sysbus 0x40007000 { -> nvic@1 }
lptim1: Timers.STM32L0_LpTimer @ sysbus 0x40007C00 { frequency: 0x1000000 }
spi1: SPI.STM32SPI @ sysbus 0x40013000 { IRQ -> nvic@25 }
"""
RCC, FLASH, PWR, SPI1 = 0x40021000, 0x40022000, 0x40007000, 0x40013000
CR, ICSCR, CFGR, APB2RSTR, CCIPR, CSR = (RCC + offset for offset in (0x00, 0x04, 0x0C, 0x24, 0x4C, 0x50))
PECR, PEKEYR, PRGKEYR, SR = (FLASH + offset for offset in (0x04, 0x0C, 0x10, 0x18))
PROG, ERASE = 1 << 3, 1 << 9


@pytest.fixture
def machine() -> Iterator[Machine]:
    monitor = Monitor()
    monitor.execute("mach create")
    monitor.execute(f'machine LoadPlatformDescriptionFromString """{BOARD}"""')
    yield monitor.machine
    monitor.close()


def test_systick_follows_the_system_clock(machine: Machine) -> None:
    bus, nvic = machine.sysbus, machine.nvic
    machine.run_for(0)
    assert nvic.systick_frequency == 65_536 << 5, "MSI at range 5 after reset"
    bus.write(ICSCR, 4, 6 << 13)
    assert nvic.systick_frequency == 65_536 << 6
    bus.write(CFGR, 4, 3)
    assert bus.read(CFGR, 4) == 3, "SWS stays at MSI while the PLL is off"
    bus.write(CFGR, 4, 1 << 18 | 1 << 22)  # HSI16 * 4 / 2
    bus.write(CR, 4, 1 | 1 << 24)
    assert bus.read(CR, 4) == 1 | 1 << 2 | 1 << 24 | 1 << 25
    bus.write(CFGR, 4, 3 | 1 << 18 | 1 << 22)
    assert bus.read(CFGR, 4) & 0xF == 0xF and nvic.systick_frequency == 32_000_000
    for hpre, divider in ((0x8, 2), (0xB, 16), (0xC, 64), (0xF, 512)):
        bus.write(CFGR, 4, 3 | hpre << 4 | 1 << 18 | 1 << 22)
        assert nvic.systick_frequency == 32_000_000 // divider


def test_the_low_power_timer_counts_what_ccipr_selects(machine: Machine) -> None:
    bus, timer = machine.sysbus, machine.device("sysbus.lptim1")
    assert isinstance(timer, Stm32LpTim)
    for offset, value in ((0x10, 1), (0x18, 0xFFFF), (0x10, 1 | 4)):
        bus.write(0x40007C00 + offset, 4, value)
    bus.write(CCIPR, 4, 1 << 18)  # LSI
    machine.run_for(0.1)
    assert 3699 <= timer.counter <= 3700
    bus.write(CCIPR, 4, 3 << 18)  # LSE; what was counted stays
    machine.run_for(0.1)
    assert 3700 + 3275 <= timer.counter <= 3700 + 3277


def test_the_real_time_clock_is_csrs_and_outlives_a_reset(machine: Machine) -> None:
    bus, rtc = machine.sysbus, machine.device("sysbus.rtc")
    assert isinstance(rtc, Stm32F4Rtc)
    bus.write(CSR, 4, 1 << 8)
    assert bus.read(CSR, 4) & 0x300 == 0x300
    bus.write(CSR, 4, 1 << 8 | 1 << 16 | 1 << 18)
    machine.request_reset("SYSRESETREQ")
    machine.run_for(1e-6)
    assert bus.read(CSR, 4) == 0x1C050300, "pin and software reset came to those of power-on; LSE and RTCEN stayed"
    bus.write(CSR, 4, 1 << 23)
    assert bus.read(CSR, 4) & 0xFF000000 == 0
    bus.write(CSR, 4, 1 << 8 | 1 << 16 | 1 << 18 | 1 << 19)
    assert bus.read(CSR, 4) & 0x00070000 == 0


def test_a_reset_bit_resets_the_peripheral_at_its_address(machine: Machine) -> None:
    machine.sysbus.write(SPI1, 4, 0x44)
    machine.sysbus.write(APB2RSTR, 4, 1 << 12)
    assert machine.sysbus.read(SPI1, 4) == 0


def test_the_voltage_detector(machine: Machine) -> None:
    pwr = machine.device("sysbus.pwr")
    assert isinstance(pwr, Stm32L0Pwr)
    machine.sysbus.write(PWR, 4, 0x1000 | 1 << 4 | 3 << 5)
    assert pwr.threshold_voltage == 2.5
    seen = []
    for volts in (2.45, 2.35, 2.55, 2.65):
        pwr.voltage = volts
        seen.append(machine.sysbus.read(PWR + 4, 4) >> 2 & 1)
    assert seen == [0, 1, 1, 0]
    machine.sysbus.write(PWR, 4, 0)
    assert machine.sysbus.read(PWR, 4) & 0x1800 == 0x1000, "VOS = 0 is refused"


def unlock(machine: Machine) -> None:
    for register, keys in ((PEKEYR, (0x89ABCDEF, 0x02030405)), (PRGKEYR, (0x8C9DAEBF, 0x13141516))):
        for key in keys:
            machine.sysbus.write(register, 4, key)


def test_a_store_erases_its_page(machine: Machine) -> None:
    bus = machine.sysbus
    bus.write_bytes(0x08001000, bytes(range(1, 129)) * 3)
    bus.write(PECR, 4, PROG | ERASE)
    assert bus.read(PECR, 4) == 7, "it is locked"
    unlock(machine)
    assert bus.read(PECR, 4) == 4
    bus.write(PECR, 4, PROG | ERASE)
    bus.write(0x08001080, 4, 0)
    assert bus.read(SR, 4) == 0xE
    bus.write(SR, 4, 2)
    bus.write(PECR, 4, 0)
    page = bytes(range(1, 129))
    assert bus.read_bytes(0x08001000, 384) == page + bytes(128) + page
    bus.write(0x08001000, 4, 0x12345678)
    assert bus.read(SR, 4) == 0xC and bus.read(0x08001000, 4) == 0x12345678, "ERASE is 0"


def test_a_word_of_the_eeprom_is_erased_alone(machine: Machine) -> None:
    bus = machine.sysbus
    bus.write_bytes(0x08080000, b"abcdefgh")
    unlock(machine)
    bus.write(PECR, 4, ERASE)
    bus.write(0x08080004, 1, 0xFF)
    assert bus.read(SR, 4) & 2 and bus.read_bytes(0x08080000, 8) == b"abcd" + bytes(4)


def test_run_pd_wants_its_key_and_the_signature_is_there(machine: Machine) -> None:
    bus = machine.sysbus
    bus.write(FLASH, 4, 1 << 4)
    assert bus.read(FLASH, 4) == 0
    for key in (0x04152637, 0xFAFBFCFD):
        bus.write(FLASH + 8, 4, key)
    bus.write(FLASH, 4, 1 << 4)
    assert bus.read(FLASH, 4) == 1 << 4
    bus.write(FLASH, 4, 1 << 5 | 1 << 6 | 1 << 1)
    assert bus.read(FLASH, 4) == 1 << 5, "no buffer is on while DISAB_BUF is set"
    assert bus.read(0x1FF8007C, 4) == 192 and bus.read(0x1FF80054, 4) == 0x30303030
