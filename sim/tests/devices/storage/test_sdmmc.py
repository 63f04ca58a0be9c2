"""SD card and the SDMMC controllers of F7 and H7, used as ST's drivers use them."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.engine.devices.dma.stm32_dma import Stm32Dma
from sim.engine.devices.serial.trivial_uart import TrivialUart
from sim.engine.devices.storage.sd_card import SdCard, State
from sim.engine.devices.storage.sd_card_registers import crc7, crc16
from sim.engine.devices.storage.stm32_sdmmc import Stm32FSdmmc, Stm32HSdmmc, Stm32Sdmmc
from sim.engine.machine import Machine
from sim.engine.monitor import Monitor
from sim.engine.platform import load_repl_string
from sim.errors import CrosscamError
from sim.tests.fake_services import FakeServices

POWER, CLKCR, ARG, CMD, RESPCMD, RESP1, DTIMER, DLEN, DCTRL = 0x00, 0x04, 0x08, 0x0C, 0x10, 0x14, 0x24, 0x28, 0x2C
DCOUNT, STA, ICR, MASK, IDMACTRL, IDMABSIZE, IDMABASE0, IDMABASE1, FIFO = (
    0x30, 0x34, 0x38, 0x3C, 0x50, 0x54, 0x58, 0x5C, 0x80,
)  # fmt: skip
CCRCFAIL, CTIMEOUT, DTIMEOUT, CMDREND, CMDSENT, DATAEND, DBCKEND = 1, 4, 8, 1 << 6, 1 << 7, 1 << 8, 1 << 10
TXFIFOHE, RXFIFOHF, RXDAVL, IDMABTC = 1 << 14, 1 << 15, 1 << 21, 1 << 28
DONE = CCRCFAIL | CTIMEOUT | CMDREND | CMDSENT
SIZE = 1 << 20
PATTERN = bytes((7 * index + (index >> 8)) & 0xFF for index in range(8192))


class Bench:
    """A controller with a card; ``command`` sends one and gives the flags it ended with."""

    def __init__(self, kind: type[Stm32Sdmmc], file: Path, size: int = SIZE, persistent: bool = False) -> None:
        self.services = FakeServices()
        self.host = kind(self.services, "sdmmc")
        self.card = SdCard(self.services, "card", capacity=size, image_file=file, persistent=persistent)
        self.host.register_child(self.card, 0)
        self.is_h = kind is Stm32HSdmmc
        self.host.write(POWER, 4, 3)
        self.host.write(CLKCR, 4, 4 if self.is_h else 1 << 8)
        self.host.write(DTIMER, 4, 0xFFFFFFFF)

    def command(self, index: int, argument: int = 0, kind: int = 1, transfer: bool = False) -> int:
        self.host.write(ICR, 4, 0xFFFFFFFF)
        self.host.write(ARG, 4, argument)
        enable = kind << 8 | 1 << 12 | transfer << 6 if self.is_h else kind << 6 | 1 << 10
        self.host.write(CMD, 4, index | enable)
        for _ in range(200):
            if self.host.read(STA, 4) & DONE:
                break
            self.services.clock.microseconds(1)
        return self.host.read(STA, 4) & DONE

    def application(self, index: int, argument: int = 0) -> int:
        self.command(55, self.card.card_address << 16)
        return self.command(index, argument)

    def select(self) -> None:
        """From power-on to the transfer state."""
        self.command(0, kind=0)
        self.command(8, 0x1AA)
        self.application(41, 0x40FF8000)
        self.command(2, kind=3)
        self.command(3)
        assert self.command(7, self.response() & 0xFFFF0000) == CMDREND
        assert self.card.state is State.TRANSFER

    def response(self, place: int = 0) -> int:
        return self.host.read(RESP1 + 4 * place, 4)

    def wait(self, flags: int) -> int:
        for _ in range(3000):
            if self.host.read(STA, 4) & flags:
                break
            self.services.clock.microseconds(1)
        return self.host.read(STA, 4)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    file = tmp_path / "card.img"
    file.write_bytes(PATTERN)
    return file


@pytest.fixture(params=[Stm32FSdmmc, Stm32HSdmmc], ids=["F", "H"])
def bench(request: pytest.FixtureRequest, image: Path) -> Bench:
    return Bench(request.param, image)


def test_crc_of_the_specification() -> None:
    assert crc7(bytes([0x40, 0, 0, 0, 0])) == 0x4A  # 4.5: CMD0
    assert crc7(bytes([0x51, 0, 0, 0, 0])) == 0x2A  # CMD17
    assert crc16(b"\xff" * 512) == 0x7FA1


def test_initialisation(bench: Bench) -> None:
    assert bench.command(0, kind=0) == CMDSENT
    assert bench.command(8, 0x1AA) == CMDREND and bench.response() == 0x1AA
    assert bench.application(41) == CCRCFAIL, "R3 carries no CRC"
    assert not bench.response() >> 31, "an inquiry does not start the card"
    assert bench.application(41, 0x40FF8000) == CCRCFAIL
    assert bench.response() == 0x80FFFF80, "ready, standard capacity"
    assert bench.command(2, kind=3) == CMDREND
    assert bench.response(0) >> 24 == 0xAB and bench.response(3) & 1 == 0
    assert bench.command(3) == CMDREND and bench.response() >> 16 == 1
    assert bench.command(9, 1 << 16, kind=3) == CMDREND
    csd = sum(bench.response(place) << 96 - 32 * place for place in range(4))
    blocks = ((csd >> 62 & 0xFFF) + 1) << (csd >> 47 & 7) + 2
    assert blocks << (csd >> 80 & 0xF) == SIZE
    assert bench.command(7, 1 << 16) == CMDREND
    assert bench.command(13, 1 << 16) == CMDREND and bench.response() >> 9 & 0xF == State.TRANSFER


def test_a_command_takes_time(bench: Bench) -> None:
    bench.host.write(CMD, 4, 1 << 12 | 1 << 8 | 8 if bench.is_h else 1 << 10 | 1 << 6 | 8)
    bench.host.write(ARG, 4, 0x1AA)
    assert bench.host.read(STA, 4) & (1 << 13 if bench.is_h else 1 << 11), "on its way"
    bench.services.clock.microseconds(50)
    assert bench.host.read(STA, 4) & CMDREND
    assert bench.host.read(RESPCMD, 4) == 8


def test_no_card_and_no_power(bench: Bench) -> None:
    assert type(bench.host)(bench.services, "empty").read(STA, 4) == 0
    bench.host.write(POWER, 4, 0)
    assert bench.command(8, 0x1AA) == CTIMEOUT


def test_illegal_command_times_out_and_shows_in_the_next_status(bench: Bench) -> None:
    bench.select()
    assert bench.command(2, kind=3) == CTIMEOUT
    bench.command(13, bench.card.card_address << 16)
    assert bench.response() >> 22 & 1
    bench.command(13, bench.card.card_address << 16)
    assert not bench.response() >> 22 & 1, "sent once"


def test_high_capacity_card_wants_to_be_asked(image: Path) -> None:
    bench = Bench(Stm32FSdmmc, image, size=8 << 30)
    bench.command(0, kind=0)
    bench.application(41, 0x00FF8000)
    assert not bench.response() >> 31
    bench.application(41, 0x40FF8000)
    assert bench.response() >> 30 == 3
    bench.command(2, kind=3)
    bench.command(3)
    bench.command(9, 1 << 16, kind=3)
    csd = sum(bench.response(place) << 96 - 32 * place for place in range(4))
    assert csd >> 126 == 1 and ((csd >> 48 & 0x3FFFFF) + 1) * 512 * 1024 == 8 << 30


def read_fifo(bench: Bench, count: int) -> bytes:
    data = b""
    for _ in range(20000):
        status = bench.host.read(STA, 4)
        if len(data) == count:
            break
        if status & RXFIFOHF or (status & RXDAVL and count - len(data) < 32):
            for _ in range(min(8, (count - len(data) + 3) // 4)):
                data += bench.host.read(FIFO, 4).to_bytes(4, "little")
        else:
            bench.services.clock.microseconds(1)
    return data


@pytest.mark.parametrize("blocks", [1, 3])
def test_polled_read(bench: Bench, blocks: int) -> None:
    bench.select()
    bench.host.write(DLEN, 4, 512 * blocks)
    bench.host.write(DCTRL, 4, 9 << 4 | 2 | (0 if bench.is_h else 1))
    assert bench.command(17 if blocks == 1 else 18, 512, transfer=True) == CMDREND
    assert read_fifo(bench, 512 * blocks) == PATTERN[512 : 512 + 512 * blocks]
    assert bench.wait(DATAEND) & DATAEND
    assert bench.host.read(DCOUNT, 4) == 0
    if blocks > 1:
        assert bench.command(12) == CMDREND
    assert bench.card.state is State.TRANSFER


@pytest.mark.parametrize("blocks", [1, 2])
def test_polled_write(bench: Bench, blocks: int) -> None:
    bench.select()
    data = bytes(range(256)) * 2 * blocks
    bench.host.write(DLEN, 4, len(data))
    if bench.is_h:
        bench.host.write(DCTRL, 4, 9 << 4)
    bench.command(24 if blocks == 1 else 25, 1024, transfer=True)
    if not bench.is_h:
        bench.host.write(DCTRL, 4, 9 << 4 | 1)
    sent = 0
    while sent < len(data):
        if bench.host.read(STA, 4) & TXFIFOHE:
            for _ in range(8):
                bench.host.write(FIFO, 4, int.from_bytes(data[sent : sent + 4], "little"))
                sent += 4
        else:
            bench.services.clock.microseconds(1)
    assert bench.wait(DATAEND) & DATAEND
    if blocks > 1:
        bench.command(12)
    assert bench.card.image.read(1024, len(data)) == data
    assert bench.card.image.read(0, 512) == PATTERN[:512]


def test_registers_sent_as_data(bench: Bench) -> None:
    bench.select()
    for index, count, size in ((51, 8, 3), (13, 64, 6)):
        bench.command(55, bench.card.card_address << 16)
        bench.host.write(DLEN, 4, count)
        bench.host.write(DCTRL, 4, size << 4 | 2 | (0 if bench.is_h else 1))
        assert bench.command(index, transfer=True) == CMDREND
        data = read_fifo(bench, count)
        assert data == (bytes([2, 5]) + bytes(6) if index == 51 else bytes(64))
        bench.wait(DATAEND)
        bench.host.write(DCTRL, 4, 0)


def test_data_comes_before_the_end_of_its_block(image: Path) -> None:
    """Drivers poll for data until DBCKEND (F) or DATAEND (H), which come with the CRC or once the FIFO is empty."""
    for kind in (Stm32FSdmmc, Stm32HSdmmc):
        bench = Bench(kind, image)
        bench.select()
        bench.host.write(DLEN, 4, 512)
        bench.host.write(DCTRL, 4, 9 << 4 | 2 | (0 if bench.is_h else 1))
        bench.command(17, 0, transfer=True)
        status = bench.wait(RXDAVL)
        assert status & RXFIFOHF and not status & (DBCKEND | DATAEND)
        bench.services.clock.microseconds(20)
        assert bench.host.read(STA, 4) & (DBCKEND | DATAEND) == (0 if bench.is_h else DBCKEND | DATAEND)


def test_data_timeout(bench: Bench) -> None:
    bench.select()
    bench.host.write(DTIMER, 4, 100)
    bench.host.write(DLEN, 4, 512)
    bench.host.write(DCTRL, 4, 9 << 4 | 3)
    bench.services.clock.microseconds(100)
    assert bench.host.read(STA, 4) & DTIMEOUT


def test_interrupt_follows_mask(bench: Bench) -> None:
    bench.host.write(MASK, 4, CMDSENT)
    bench.command(0, kind=0)
    assert bench.host.irq.value
    bench.host.write(ICR, 4, CMDSENT)
    assert not bench.host.irq.value


def test_idma_single_and_double_buffer(image: Path) -> None:
    bench = Bench(Stm32HSdmmc, image)
    bench.select()
    bench.host.write(IDMABASE0, 4, 0x24000000)
    bench.host.write(IDMACTRL, 4, 1)
    bench.host.write(DLEN, 4, 1024)
    bench.host.write(DCTRL, 4, 9 << 4 | 2)
    bench.command(18, 0, transfer=True)
    bench.wait(DATAEND)
    assert bench.services.sysbus.read_bytes(0x24000000, 1024) == PATTERN[:1024]
    bench.command(12)
    bench.host.write(IDMABASE1, 4, 0x24002000)
    bench.host.write(IDMABSIZE, 4, 512)
    bench.host.write(IDMACTRL, 4, 3)
    bench.host.write(DCTRL, 4, 9 << 4 | 2)
    bench.command(18, 2048, transfer=True)
    assert bench.wait(IDMABTC) & IDMABTC
    bench.wait(DATAEND)
    assert bench.services.sysbus.read_bytes(0x24000000, 512) == PATTERN[2048:2560]
    assert bench.services.sysbus.read_bytes(0x24002000, 512) == PATTERN[2560:3072]


def test_idma_write(image: Path) -> None:
    bench = Bench(Stm32HSdmmc, image)
    bench.select()
    bench.services.sysbus.write_bytes(0x24000000, b"ab" * 256)
    bench.host.write(IDMABASE0, 4, 0x24000000)
    bench.host.write(IDMACTRL, 4, 1)
    bench.host.write(DLEN, 4, 512)
    bench.host.write(DCTRL, 4, 9 << 4)
    bench.command(24, 512, transfer=True)
    bench.wait(DATAEND)
    assert bench.card.image.read(512, 512) == b"ab" * 256


def test_f_interface_with_the_dma(image: Path) -> None:
    bench = Bench(Stm32FSdmmc, image)
    dma = Stm32Dma(bench.services, "dma2")
    dma.unreachable = ()
    assert isinstance(bench.host, Stm32FSdmmc)
    bench.host.dma_receive.connect(dma, 3)
    bench.services.sysbus.windows.append((0x40012C00, bench.host))
    bench.select()
    base = 0x10 + 3 * 0x18
    dma.write(base + 4, 4, 128)
    dma.write(base + 8, 4, 0x40012C80)
    dma.write(base + 12, 4, 0x20010000)
    dma.write(base, 4, 2 << 13 | 2 << 11 | 1 << 10 | 1)
    bench.host.write(DLEN, 4, 512)
    bench.host.write(DCTRL, 4, 9 << 4 | 1 << 3 | 3)
    bench.command(17, 0)
    bench.wait(DATAEND)
    assert bench.services.sysbus.read_bytes(0x20010000, 512) == PATTERN[:512]


def test_erase_and_the_end_of_the_card(bench: Bench) -> None:
    bench.select()
    bench.command(32, 512)
    bench.command(33, 1023)
    bench.command(38)
    assert bench.card.image.read(0, 2048) == PATTERN[:512] + bytes(512) + PATTERN[1024:2048]
    bench.command(17, SIZE)
    assert bench.response() >> 31, "OUT_OF_RANGE"
    assert bench.card.state is State.TRANSFER


def test_persistent_card_writes_its_file(image: Path) -> None:
    for persistent in (False, True):
        bench = Bench(Stm32FSdmmc, image, persistent=persistent)
        bench.card.image.write(510, b"xyz!")
        assert bench.card.image.read(508, 8) == PATTERN[508:510] + b"xyz!" + PATTERN[514:516]
        assert (image.read_bytes()[510:514] == b"xyz!") is persistent


class SpiCard:
    """A driver that sends each byte as a transfer of its own, chip select held by a pin."""

    def __init__(self, file: Path) -> None:
        self.card = SdCard(FakeServices(), "card", capacity=SIZE, image_file=file, spi_mode=True)

    def exchange(self, byte: int) -> int:
        answer = self.card.transmit(byte)
        self.card.finish_transmission()
        return answer

    def command(self, index: int, argument: int = 0, answer: int = 1) -> bytes:
        for byte in (0x40 | index, *argument.to_bytes(4, "big"), 0x95):
            self.exchange(byte)
        for _ in range(9):
            first = self.exchange(0xFF)
            if first != 0xFF:
                return bytes([first, *(self.exchange(0xFF) for _ in range(answer - 1))])
        raise AssertionError(f"CMD{index}: no answer")

    def packet(self, count: int) -> bytes:
        while self.exchange(0xFF) != 0xFE:
            pass
        data = bytes(self.exchange(0xFF) for _ in range(count))
        assert crc16(data) == self.exchange(0xFF) << 8 | self.exchange(0xFF)
        return data


def test_spi_mode(image: Path) -> None:
    spi = SpiCard(image)
    assert spi.command(0) == b"\x01"
    assert spi.command(8, 0x1AA, 5) == b"\x01\x00\x00\x01\xaa"
    spi.command(55)
    assert spi.command(41, 0x40000000) == b"\x00"
    assert spi.command(58, 0, 5)[1] == 0x80
    assert spi.command(9) == b"\x00"
    assert spi.packet(16) == spi.card.card_specific_data.to_bytes(16, "big")
    assert spi.command(17, 512) == b"\x00"
    assert spi.packet(512) == PATTERN[512:1024]
    assert spi.command(18, 0) == b"\x00"
    assert spi.packet(512) + spi.packet(512) == PATTERN[:1024]
    assert spi.command(12) == b"\x00"
    assert spi.command(24, 2048) == b"\x00"
    for byte in (0xFF, 0xFE, *b"q" * 512, 0, 0):
        spi.exchange(byte)
    assert spi.exchange(0xFF) & 0x1F == 5
    assert spi.card.image.read(2048, 512) == b"q" * 512
    assert spi.command(3) == b"\x04", "not in SPI mode"


def test_monitor_inserts_a_card(image: Path) -> None:
    monitor = Monitor()
    monitor.execute("mach create")
    monitor.execute('machine LoadPlatformDescriptionFromString "sdmmc: SD.STM32HSDMMC @ sysbus 0x52007000"')
    for file, message in (("/nowhere/card", "Could not find image file '/nowhere/card'"), ("", "No image file")):
        with pytest.raises(CrosscamError, match=message):
            monitor.execute(f'machine SdCardFromFile "{file}" sdmmc 0x1000')
    with pytest.raises(CrosscamError, match="multiple of 512"):
        monitor.execute(f'machine SdCardFromFile "{image}" sdmmc 1000')
    monitor.execute(f'machine SdCardFromFile "{image}" sdmmc 0x100000 False "SDMMC"')
    card = monitor.machine.device("sysbus.sdmmc.SDMMC")
    assert isinstance(card, SdCard) and card.image.read(0, 4) == PATTERN[:4]


def test_description_with_a_card(image: Path) -> None:
    machine = Machine()
    load_repl_string(
        machine,
        f"""
nvic: IRQControllers.NVIC @ sysbus 0xE000E000
sdmmc: SD.STM32FSDMMC @ sysbus 0x40012c00
    IRQ -> nvic@49
card: SD.SDCard @ sdmmc
    imageFile: "{image}"
    capacity: 0x100000
""",
    )
    assert isinstance(machine.device("sdmmc.card"), SdCard)


def test_only_a_card_goes_into_the_slot() -> None:
    services = FakeServices()
    with pytest.raises(CrosscamError, match="is no SD card"):
        Stm32FSdmmc(services, "sdmmc").register_child(TrivialUart(services, "uart"), 0)


def test_a_card_that_is_taken_out_answers_no_more(image: Path) -> None:
    bench = Bench(Stm32HSdmmc, image)
    bench.select()
    bench.host.unregister_child(bench.card)
    assert bench.command(13, bench.card.card_address << 16) == CTIMEOUT
