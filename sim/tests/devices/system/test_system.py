"""RCC, flash interface, RNG and CRC."""

from __future__ import annotations

import binascii

import pytest

from sim.engine.devices.base import Device
from sim.engine.devices.clocks.stm32h7_rcc import Stm32H7Rcc
from sim.engine.devices.crypto.stm32_crc import Stm32Crc
from sim.engine.devices.crypto.stm32f4_rng import Stm32F4Rng
from sim.engine.devices.storage.stm32h7_flash_controller import Stm32H7FlashController
from sim.errors import CrosscamError
from sim.tests.fake_services import FakeServices


def test_rcc_ready_flags_follow_and_everything_is_stored() -> None:
    rcc = Stm32H7Rcc(FakeServices(), "rcc")
    rcc.write(0x00, 4, rcc.read(0x00, 4) | 1 << 16 | 1 << 18 | 1 << 24)
    assert rcc.read(0x00, 4) & (1 << 17 | 1 << 18 | 1 << 25 | 1 << 27) == 1 << 17 | 1 << 18 | 1 << 25
    rcc.write(0x10, 4, 3 | 2 << 18 | 3 << 22)
    assert rcc.read(0x10, 4) == 3 | 3 << 3 | 2 << 18 | 3 << 22
    rcc.write(0x74, 4, 1)
    assert rcc.read(0x74, 4) == 3
    rcc.write(0x70, 4, 1)
    assert rcc.read(0x70, 4) == 3
    for offset in (0xD8, 0xDC, 0xE0, 0xE8, 0x18, 0x30, 0x54):
        rcc.write(offset, 4, 0x5)
        assert rcc.read(offset, 4) == 0x5
    rcc.reset()
    assert rcc.read(0x28, 4) == 0x02020200 and rcc.read(0xE0, 4) == 0


def test_rcc_remembers_the_cause_of_the_reset() -> None:
    services = FakeServices()
    rcc = Stm32H7Rcc(services, "rcc")
    assert rcc.read(0xD0, 4) == 0x00FE0000
    rcc.write(0xD0, 4, 1 << 16)
    assert rcc.read(0xD0, 4) == 0
    services.last_reset = "IWDG1: watchdog not reloaded in time"
    rcc.reset()
    assert rcc.read(0xD0, 4) == 1 << 26 | 1 << 22 | 1 << 17
    services.last_reset = "AIRCR.SYSRESETREQ"
    rcc.reset()
    assert rcc.read(0xD0, 4) >> 24 == 0b101, "flags stay until software removes them"
    services.last_reset = "power-on"
    rcc.reset()
    assert rcc.read(0xD0, 4) == 0x00FE0000


@pytest.fixture
def flash() -> Stm32H7FlashController:
    services = FakeServices()
    return Stm32H7FlashController(
        services, "flashController", flash1=Device(services, "flashBank1"), flash2=Device(services, "flashBank2")
    )


def test_flash_latency_reads_back(flash: Stm32H7FlashController) -> None:
    assert flash.read(0x00, 4) == 0x37
    flash.write(0x00, 4, 0x24)
    assert flash.read(0x00, 4) == 0x24 == flash.read(0x100, 4)


def test_flash_keys_open_and_a_wrong_one_closes_until_reset(flash: Stm32H7FlashController) -> None:
    assert flash.read(0x0C, 4) & 1
    flash.write(0x0C, 4, 1 << 1)
    assert not flash.read(0x0C, 4) & 2, "locked"
    flash.write(0x04, 4, 0x45670123)
    assert flash.read(0x0C, 4) & 1
    flash.write(0x04, 4, 0xCDEF89AB)
    assert not flash.read(0x0C, 4) & 1 and flash.read(0x10C, 4) & 1
    flash.write(0x0C, 4, 1)
    flash.write(0x04, 4, 0x12345678)
    for key in (0x45670123, 0xCDEF89AB):
        flash.write(0x04, 4, key)
    assert flash.read(0x0C, 4) & 1, "a wrong key"
    flash.reset()
    for key in (0x45670123, 0xCDEF89AB):
        flash.write(0x04, 4, key)
    assert not flash.read(0x0C, 4) & 1


def test_flash_sector_erase_sets_end_of_operation(flash: Stm32H7FlashController) -> None:
    services = flash.services
    for key in (0x45670123, 0xCDEF89AB):
        flash.write(0x104, 4, key)
    flash.write(0x10C, 4, 1 << 16 | 3 << 8 | 1 << 2 | 1 << 7)
    start = 0x08100000 + 3 * 0x20000
    assert services.sysbus.read_bytes(start, 4) == b"\xff" * 4
    assert services.sysbus.read_bytes(start - 1, 1) == b"\0" == services.sysbus.read_bytes(start + 0x20000, 1)
    assert flash.irq.value and flash.read(0x110, 4) == 1 << 16 and not flash.read(0x10C, 4) & 1 << 7
    flash.write(0x114, 4, 1 << 16)
    assert not flash.irq.value and flash.read(0x110, 4) == 0


def test_flash_option_register_needs_its_keys(flash: Stm32H7FlashController) -> None:
    flash.write(0x20, 4, 0)
    assert flash.read(0x20, 4) == 0x0406AAF0
    for key in (0x08192A3B, 0x4C5D6E7F):
        flash.write(0x08, 4, key)
    flash.write(0x20, 4, 0x0406AAF4)
    assert flash.read(0x1C, 4) == 0x0406AAF0
    flash.write(0x18, 4, 2)
    assert flash.read(0x1C, 4) == 0x0406AAF4
    flash.write(0x18, 4, 1)
    assert flash.read(0x18, 4) & 1


def test_random_numbers_repeat_from_machine_to_machine() -> None:
    first, second = Stm32F4Rng(FakeServices(), "rng"), Stm32F4Rng(FakeServices(), "rng")
    assert first.read(4, 4) == 0 == first.read(8, 4)
    for rng in (first, second):
        rng.write(0, 4, 4 | 8)
    assert first.irq.value and first.read(4, 4) == 1
    values = [first.read(8, 4) for _ in range(100)]
    assert values == [second.read(8, 4) for _ in range(100)] and len(set(values)) == 100
    second.seed(0)
    assert second.read(8, 4) != 0
    first.reset()
    assert not first.irq.value


def test_crc_matches_zlib_with_reversal_and_the_plain_vector() -> None:
    crc = Stm32Crc(FakeServices(), "crc", series="STM32Series.F0", configurable_poly=True)
    crc.write(0, 4, 0)
    assert crc.read(0, 4) == 0xC704DD7B
    crc.write(0x08, 4, 1 | 1 << 5 | 1 << 7)
    for byte in b"crosscam":
        crc.write(0, 1, byte)
    assert crc.read(0, 4) ^ 0xFFFFFFFF == binascii.crc32(b"crosscam")
    crc.write(0x08, 4, 1 | 3 << 5 | 1 << 7)
    for word in (b"cros", b"scam"):
        crc.write(0, 4, int.from_bytes(word, "little"))
    assert crc.read(0, 4) ^ 0xFFFFFFFF == binascii.crc32(b"crosscam")


def test_crc_sixteen_bits_with_another_polynomial() -> None:
    crc = Stm32Crc(FakeServices(), "crc", series="F0", configurable_poly=True)
    crc.write(0x14, 4, 0x1021)
    crc.write(0x08, 4, 1 << 3)
    crc.write(0x10, 4, 0)
    for byte in b"123456789":
        crc.write(0, 1, byte)
    assert crc.read(0, 4) == binascii.crc_hqx(b"123456789", 0)
    crc.write(0x04, 4, 0x1AB)
    assert crc.read(0x04, 4) == 0xAB
    crc.reset()
    assert crc.read(0, 4) == 0xFFFFFFFF
    with pytest.raises(CrosscamError, match=r"series is STM32Series\.H9"):
        Stm32Crc(FakeServices(), "crc", series="STM32Series.H9")
