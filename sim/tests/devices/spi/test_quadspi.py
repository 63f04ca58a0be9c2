"""Serial flash by itself and behind the Quad-SPI interface."""

from __future__ import annotations

import pytest

from sim.engine.bus import MappedMemory
from sim.engine.devices.serial.trivial_uart import TrivialUart
from sim.engine.devices.spi.stm32h7_quadspi import Stm32H7QuadSpi
from sim.engine.devices.storage.spi_flash import GenericSpiFlash, MacronixMx25r, MicronMt25q
from sim.engine.machine import Machine
from sim.engine.platform import load_repl_string
from sim.errors import CrosscamError
from sim.tests.fake_services import FakeServices

SIZE = 1 << 20


class Flash:
    def __init__(self, size: int = SIZE) -> None:
        services = FakeServices()
        self.memory = MappedMemory(services, "memory", size=size)
        self.chip: GenericSpiFlash = MacronixMx25r(services, "flash", underlying_memory=self.memory)

    def command(self, *sent: int, read: int = 0) -> bytes:
        for byte in sent:
            self.chip.transmit(byte)
        answer = bytes(self.chip.transmit(0) for _ in range(read))
        self.chip.finish_transmission()
        return answer

    def enabled(self, *sent: int) -> None:
        self.command(0x06)
        self.command(*sent)


def test_identification_and_parameters() -> None:
    flash = Flash()
    assert flash.command(0x9F, read=3) == b"\xc2\x28\x14"
    parameters = flash.command(0x5A, 0, 0, 0, 0, read=0x18 + 36)
    assert parameters[:4] == b"SFDP" and int.from_bytes(parameters[0x1C:0x20], "little") == 8 * SIZE - 1
    services = FakeServices()
    big = MappedMemory(services, "big", size=1 << 26)
    assert MicronMt25q(services, "flash", underlying_memory=big).transmit(0x9F) == 0
    for size, message in ((3000, "power of two"), (1 << 12, "64 KiB")):
        with pytest.raises(CrosscamError, match=message):
            kind = MicronMt25q if message == "64 KiB" else MacronixMx25r
            kind(services, "flash", underlying_memory=MappedMemory(services, "memory", size=size))


def test_programming_clears_bits_and_wraps_in_its_page() -> None:
    flash = Flash()
    assert flash.command(0x03, 0, 0, 0, read=2) == b"\xff\xff"
    flash.enabled(0x02, 0, 0x10, 0xFE, 1, 2, 3)
    assert flash.command(0x03, 0, 0x10, 0xFE, read=2) == b"\1\2"
    assert flash.command(0x03, 0, 0x10, 0x00, read=1) == b"\3"
    flash.enabled(0x38, 0, 0x10, 0xFF, 1)
    assert flash.command(0x0B, 0, 0x10, 0xFF, 0, read=1) == b"\0", "2 & 1; the fast read has a dummy byte"


def test_nothing_is_written_without_the_latch(caplog: pytest.LogCaptureFixture) -> None:
    flash = Flash()
    flash.command(0x02, 0, 0, 0, 0x55)
    assert flash.memory.array[0] == 0xFF and "without write enable" in caplog.text
    flash.command(0x06)
    assert flash.command(0x05, read=1) == b"\2"
    flash.command(0x04)
    assert flash.command(0x05, read=1) == b"\0"
    flash.enabled(0x02, 0, 0, 0, 0x55)
    assert flash.command(0x05, read=1) == b"\0", "programming ends the latch"


def test_erase_sizes() -> None:
    flash = Flash()
    for command, size in ((0x20, 0x1000), (0x52, 0x8000), (0xD8, 0x10000), (0xC7, SIZE)):
        flash.memory.array[:] = 0
        flash.enabled(command, *(() if command == 0xC7 else (0x01, 0x82, 0x34)))
        erased = flash.memory.array == 0xFF
        assert erased.sum() == size and bool(erased[0x18234])


def test_four_byte_addresses() -> None:
    flash = Flash(1 << 25)
    flash.memory.array[0x1000005] = 0x77
    assert flash.command(0x13, 1, 0, 0, 5, read=1) == b"\x77"
    flash.command(0xB7)
    assert flash.command(0x03, 1, 0, 0, 5, read=1) == b"\x77"
    flash.command(0xE9)
    flash.enabled(0xC5, 1)
    assert flash.command(0x03, 0, 0, 5, read=1) == b"\x77", "extended address register"


def test_block_protection() -> None:
    flash = Flash()
    flash.enabled(0x01, 1 << 2)
    flash.enabled(0x02, 0x0F, 0xFF, 0x00, 0)
    assert flash.memory.array[0xFFF00] == 0xFF, "the top 64 KiB are locked"
    flash.enabled(0x01, 1 << 2, 1 << 3)
    flash.enabled(0x02, 0x0F, 0xFF, 0x00, 0)
    assert flash.memory.array[0xFFF00] == 0
    flash.memory.array[0] = 0
    flash.enabled(0xC7)
    assert flash.memory.array[0] == 0, "now the bottom is"


def test_status_write_may_set_the_latch() -> None:
    services = FakeServices()
    memory = MappedMemory(services, "memory", size=1 << 16)
    chip = GenericSpiFlash(services, "flash", underlying_memory=memory, manufacturer_id=1, memory_type=2)
    for byte in (0x06,):
        chip.transmit(byte)
    chip.on_gpio(0, True)
    for byte in (0x01, 2):
        chip.transmit(byte)
    chip.on_gpio(0, True)
    chip.transmit(0x05)
    assert chip.transmit(0) == 2


CR, DCR, SR, FCR, DLR, CCR, AR, ABR, DR, PSMKR, PSMAR, PIR = (
    0x00, 0x04, 0x08, 0x0C, 0x10, 0x14, 0x18, 0x1C, 0x20, 0x24, 0x28, 0x2C,
)  # fmt: skip
TEF, TCF, FTF, SMF, BUSY = 1, 2, 4, 8, 1 << 5
WRITE, READ, POLL, MAPPED = 0, 1 << 26, 2 << 26, 3 << 26
LINE, ADDRESS, DATA, QUAD_ADDRESS, QUAD_DATA = 1 << 8, 1 << 10 | 2 << 12, 1 << 24, 3 << 10 | 2 << 12, 3 << 24


class Bench:
    def __init__(self) -> None:
        self.services = FakeServices()
        self.memory = MappedMemory(self.services, "memory", size=SIZE)
        self.qspi = Stm32H7QuadSpi(self.services, "qspi")
        self.flash = MacronixMx25r(self.services, "flash", underlying_memory=self.memory)
        self.qspi.register_child(self.flash, 0)
        self.set(DCR, 19 << 16)
        self.set(CR, 1)

    def set(self, offset: int, value: int) -> None:
        self.qspi.write(offset, 4, value)

    def get(self, offset: int) -> int:
        return self.qspi.read(offset, 4)

    def write_enable(self) -> None:
        self.set(CCR, LINE | 0x06)
        assert self.get(SR) & TCF
        self.set(FCR, TCF)


def test_identification_through_the_interface() -> None:
    bench = Bench()
    bench.set(DLR, 2)
    bench.set(CCR, READ | DATA | LINE | 0x9F)
    assert bench.get(SR) & (TCF | FTF) == TCF | FTF and bench.get(SR) >> 8 == 3
    assert [bench.qspi.read(DR, 1) for _ in range(3)] == [0xC2, 0x28, 0x14]


def test_write_begins_with_the_first_data() -> None:
    bench = Bench()
    bench.write_enable()
    bench.set(DLR, 5)
    bench.set(CCR, WRITE | DATA | ADDRESS | LINE | 0x02)
    bench.set(AR, 0x1234)
    assert bench.get(SR) == FTF, "waits for data, not busy"
    bench.set(DR, 0x44332211)
    assert bench.get(SR) & BUSY
    bench.qspi.write(DR, 2, 0x6655)
    assert bench.get(SR) == TCF
    assert bytes(bench.memory.view[0x1234:0x123A]) == b"\x11\x22\x33\x44\x55\x66"


def test_long_read_stops_at_the_full_fifo() -> None:
    bench = Bench()
    bench.memory.array[:100] = range(100)
    bench.set(CR, 1 | 3 << 8 | 1 << 18)
    bench.set(DLR, 99)
    bench.set(CCR, READ | QUAD_DATA | QUAD_ADDRESS | 6 << 18 | LINE | 0xEB)
    assert bench.get(SR) == 0 and not bench.qspi.irq.value
    bench.set(AR, 0)
    assert bench.get(SR) == FTF | BUSY | 32 << 8 and bench.qspi.irq.value
    data = b"".join(bench.get(DR).to_bytes(4, "little") for _ in range(25))
    assert data == bytes(range(100))
    assert bench.get(SR) == TCF and not bench.qspi.irq.value


def test_single_line_fast_read_has_dummy_cycles() -> None:
    bench = Bench()
    bench.memory.array[:4] = (9, 8, 7, 6)
    bench.set(DLR, 3)
    bench.set(CCR, READ | DATA | 8 << 18 | ADDRESS | LINE | 0x0B)
    bench.set(AR, 0)
    assert bench.get(DR) == 0x06070809


def test_status_polling() -> None:
    bench = Bench()
    bench.set(PSMKR, 2)
    bench.set(PSMAR, 2)
    bench.set(PIR, 16)
    bench.set(CR, 1 | 1 << 19 | 1 << 22)
    bench.set(DLR, 0)
    bench.set(CCR, POLL | DATA | LINE | 0x05)
    assert bench.get(SR) == BUSY
    bench.flash.transmit(0x06)
    bench.flash.finish_transmission()
    bench.services.clock.microseconds(15)
    assert bench.get(SR) == BUSY
    bench.services.clock.microseconds(1)
    assert bench.get(SR) == SMF and bench.qspi.irq.value and bench.get(DR) == 2
    bench.set(FCR, SMF)
    assert not bench.qspi.irq.value


def test_polling_for_any_bit_and_abort() -> None:
    bench = Bench()
    bench.set(PSMKR, 3)
    bench.set(PSMAR, 1)
    bench.set(CR, 1 | 1 << 23)
    bench.set(CCR, POLL | DATA | LINE | 0x05)
    assert bench.get(SR) == SMF | BUSY, "bit 1 matches; without APMS it goes on"
    bench.set(CR, 1 | 2)
    assert bench.get(SR) == SMF | TCF and not bench.get(CR) & 2


def test_memory_mapped_mode_is_left_by_abort(caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench()
    bench.set(CCR, MAPPED | QUAD_DATA | QUAD_ADDRESS | LINE | 0xEB)
    assert bench.get(SR) == BUSY
    bench.set(CCR, 0)
    assert "while BUSY" in caplog.text
    bench.set(CR, 1 | 2)
    assert bench.get(SR) == TCF


def test_bad_addresses_and_children(caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench()
    bench.set(CCR, READ | DATA | ADDRESS | LINE | 0x03)
    bench.set(AR, SIZE)
    assert bench.get(SR) & TEF
    with pytest.raises(CrosscamError, match="no SPI target"):
        bench.qspi.register_child(TrivialUart(bench.services, "uart"), 0)
    empty = Stm32H7QuadSpi(bench.services, "qspi")
    empty.write(CR, 4, 1)
    empty.write(CCR, 4, LINE | 0x06)
    assert "no flash" in caplog.text


def test_description_with_mapped_flash() -> None:
    machine = Machine()
    load_repl_string(
        machine,
        """
nvic: IRQControllers.NVIC @ sysbus 0xE000E000
qspi: SPI.STM32H7_QuadSPI @ sysbus 0x52005000
    -> nvic@92
flash: SPI.Macronix_MX25R @ qspi {underlyingMemory: mapped}
mapped: Memory.MappedMemory @ sysbus 0x90000000 { size: 0x100000 }
""",
    )
    assert machine.sysbus.read(0x900FFFFC, 4) == 0xFFFFFFFF
    flash = machine.device("qspi.flash")
    assert isinstance(flash, MacronixMx25r)
    for bytes_sent in ((0x06,), (0x02, 0, 0, 4, 0xAB)):
        for byte in bytes_sent:
            flash.transmit(byte)
        flash.finish_transmission()
    assert machine.sysbus.read(0x90000004, 1) == 0xAB


def test_a_flash_that_is_taken_away_in_the_middle_answers_no_more() -> None:
    bench = Bench()
    bench.set(DLR, 2)
    bench.set(CCR, READ | DATA | LINE | 0x9F)
    bench.qspi.unregister_child(bench.flash)
    assert bench.qspi.read(DR, 1) == 0 and not bench.get(SR) & TCF
    bench.set(CCR, READ | DATA | LINE | 0x9F)
    assert not bench.get(SR) & TCF
