"""MDMA: triggers, sizes and steps, repeated blocks, linked lists, interrupts (RM0433 section 15)."""

from __future__ import annotations

import pytest

from sim.engine.devices.dma.stm32h7_mdma import Stm32H7Mdma
from sim.tests.fake_services import FakeServices

ISR, IFCR, CR, TCR, BNDTR, SAR, DAR, BRUR, LAR, TBR, MAR, MDR = (
    *(0x00, 0x04, 0x0C, 0x10, 0x14, 0x18, 0x1C, 0x20, 0x24, 0x28, 0x30, 0x34),
)
EN, SWRQ, SWRM = 1, 1 << 16, 1 << 30
TEIF, CTCIF, BRTIF, BTIF, TCIF = 1, 2, 4, 8, 16
BUFFER, BLOCK, REPEATED, LIST = (mode << 28 for mode in range(4))
BYTES = 2 | 2 << 2  # both sides count up by one byte
WORDS = BYTES | 2 << 4 | 2 << 6 | 2 << 8 | 2 << 10
SOURCE, TARGET, NODES = 0x24000000, 0x24001000, 0x24002000


class Bench:
    def __init__(self, channel: int = 3) -> None:
        self.services = FakeServices()
        self.mdma = Stm32H7Mdma(self.services, "mdma")
        self.channel, self.base = channel, 0x40 + 0x40 * channel
        self.services.sysbus.write_bytes(SOURCE, bytes(range(1, 65)))

    def write(self, offset: int, value: int) -> None:
        self.mdma.write(self.base + offset, 4, value)

    def read(self, offset: int) -> int:
        return self.mdma.read(self.base + offset, 4)

    def start(self, configuration: int, count: int, control: int = 0, **more: int) -> None:
        self.write(TCR, configuration | SWRM)
        self.write(BNDTR, count)
        self.write(SAR, more.get("source", SOURCE))
        self.write(DAR, TARGET)
        for name, offset in (("update", BRUR), ("link", LAR), ("mask", MAR), ("data", MDR)):
            self.write(offset, more.get(name, 0))
        self.write(CR, control | EN)
        self.write(CR, control | EN | SWRQ)

    def memory(self, count: int, address: int = TARGET) -> bytes:
        return self.services.sysbus.read_bytes(address, count)


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.mark.parametrize("sizes", [BYTES, WORDS, BYTES | 2 << 6 | 2 << 10 | 1 << 25], ids=["bytes", "words", "packed"])
def test_a_block_and_its_end(bench: Bench, sizes: int) -> None:
    bench.start(sizes | BLOCK, 16)
    assert bench.memory(17) == bytes(range(1, 17)) + b"\0"
    assert bench.read(ISR) == CTCIF | BRTIF | BTIF | TCIF and not bench.read(CR) & EN
    assert bench.read(BNDTR) == 0 and bench.read(SAR) == SOURCE + 16 and bench.read(DAR) == TARGET + 16
    bench.write(IFCR, 0x1F)
    assert bench.read(ISR) == 0


def test_a_buffer_at_a_time(bench: Bench) -> None:
    bench.start(WORDS | BUFFER | 7 << 18, 16)
    assert bench.memory(9) == bytes(range(1, 9)) + b"\0" and bench.read(ISR) == TCIF and bench.read(BNDTR) == 8
    bench.write(CR, EN | SWRQ)
    assert bench.memory(16) == bytes(range(1, 17)) and bench.read(ISR) & CTCIF


@pytest.mark.parametrize(("mode", "triggers"), [(BLOCK, 3), (REPEATED, 1)])
def test_repeated_blocks_move_their_addresses(bench: Bench, mode: int, triggers: int) -> None:
    """Three rows of four bytes out of a picture of eight bytes a row."""
    bench.start(WORDS | mode, 4 | 2 << 20, update=4)
    for _ in range(triggers - 1):
        assert not bench.read(ISR) & (BRTIF | CTCIF)
        bench.write(CR, EN | SWRQ)
    assert bench.memory(12) == bytes([1, 2, 3, 4, 9, 10, 11, 12, 17, 18, 19, 20])
    assert bench.read(ISR) == CTCIF | BRTIF | BTIF | TCIF


def test_addresses_move_back_where_asked(bench: Bench) -> None:
    bench.start(WORDS | REPEATED, 4 | 1 << 18 | 2 << 20, source=SOURCE + 8, update=8)
    assert bench.memory(12) == bytes([9, 10, 11, 12, 5, 6, 7, 8, 1, 2, 3, 4])


@pytest.mark.parametrize(
    ("configuration", "count", "expected"),
    [
        (2 | 3 << 2, 3, ""),  # destination counts down
        (0 | 2 << 2, 3, "010101"),
        (2 | 2 << 2 | 1 << 6 | 1 << 10, 3, "010002000300"),  # zero-padded
        (2 | 2 << 2 | 1 << 6 | 1 << 10 | 2 << 26, 3, "000100020003"),  # left-aligned
        (2 | 2 << 2 | 1 << 4 | 1 << 8, 6, "010305"),  # truncated
    ],
)
def test_steps_padding_and_alignment(bench: Bench, configuration: int, count: int, expected: str) -> None:
    bench.start(configuration | BLOCK, count)
    if expected:
        assert bench.memory(len(expected) // 2).hex() == expected
    else:
        assert bench.memory(3, TARGET - 2) == bytes([3, 2, 1])


def test_sign_extension(bench: Bench) -> None:
    bench.services.sysbus.write_bytes(SOURCE, b"\x7f\x80")
    bench.start(2 | 2 << 2 | 1 << 6 | 1 << 10 | 1 << 26 | BLOCK, 2)
    assert bench.memory(4).hex() == "7f0080ff"


@pytest.mark.parametrize(("exchange", "expected"), [(1 << 12, "02010403"), (1 << 13, "03040102")])
def test_exchanges(bench: Bench, exchange: int, expected: str) -> None:
    bench.start(WORDS | BLOCK, 4, control=exchange)
    assert bench.memory(4).hex() == expected


def test_a_linked_list_runs_with_one_trigger(bench: Bench) -> None:
    nodes = [
        (WORDS | LIST | SWRM, 4, SOURCE + 32, TARGET + 4, 0, NODES + 0x28),
        (WORDS | LIST | SWRM, 4, SOURCE, TARGET + 8, 0, 0),
    ]
    for index, node in enumerate(nodes):
        data = b"".join(word.to_bytes(4, "little") for word in (*node, 0, 0, 0, 0))
        bench.services.sysbus.write_bytes(NODES + 0x28 * index, data)
    bench.start(WORDS | LIST, 4, link=NODES)
    assert bench.memory(12) == bytes([1, 2, 3, 4, 33, 34, 35, 36, 1, 2, 3, 4]) and bench.read(ISR) & CTCIF


def test_a_list_in_a_circle_is_ended(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    node = (WORDS | LIST | SWRM, 4, SOURCE, TARGET, 0, NODES, 0, 0, 0, 0)
    bench.services.sysbus.write_bytes(NODES, b"".join(word.to_bytes(4, "little") for word in node))
    bench.start(WORDS | LIST, 4, link=NODES)
    assert "does not end" in caplog.text and not bench.read(CR) & EN


def test_interrupts_and_the_mask_word(bench: Bench) -> None:
    bench.start(WORDS | BLOCK, 4, control=1 << 2, mask=SOURCE + 0x40, data=0xCAFE)
    assert bench.mdma.irq.value and bench.mdma.read(0, 4) == 1 << 3
    assert bench.memory(4, SOURCE + 0x40) == b"\xfe\xca\0\0"
    bench.write(IFCR, CTCIF)
    assert not bench.mdma.irq.value


def test_hardware_requests_by_number(bench: Bench) -> None:
    bench.write(TCR, WORDS | BUFFER | 3 << 18)
    for offset, value in ((BNDTR, 8), (SAR, SOURCE), (DAR, TARGET), (TBR, 17), (CR, EN)):
        bench.write(offset, value)
    bench.mdma.on_gpio(16, True)
    assert bench.memory(1) == b"\0"
    bench.mdma.on_gpio(17, True)
    bench.mdma.on_gpio(17, False)
    assert bench.memory(5) == bytes([1, 2, 3, 4, 0])


def test_mistakes_are_told(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.write(CR, SWRQ)
    bench.start(WORDS | BLOCK, 0)
    bench.start(WORDS | BLOCK, 6)
    for text in ("SWRQ while EN", "BNDT = 0", "no whole items"):
        assert text in caplog.text
    assert bench.read(ISR) & TEIF
    bench.mdma.reset()
    assert bench.read(ISR) == 0
