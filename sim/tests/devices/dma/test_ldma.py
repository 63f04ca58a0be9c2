"""The basic DMA: item sizes, directions, circular and double-buffer mode, flags."""

from __future__ import annotations

import pytest

from sim.engine.devices.dma.stm32_ldma import Stm32Ldma
from sim.engine.machine import Machine
from sim.engine.platform import load_repl_string
from sim.tests.fake_services import FakeServices, Probe

ISR, IFCR = 0, 4
EN, TCIE, HTIE, TEIE, DIR, CIRC, PINC, MINC, MEM2MEM, DBM = 1, 2, 4, 8, 16, 32, 64, 128, 1 << 14, 1 << 15
TCIF, HTIF, TEIF = 2, 4, 8
SOURCE, TARGET, OTHER = 0x38000000, 0x38001000, 0x38002000


class Bench:
    def __init__(self, channel: int = 2) -> None:
        self.services = FakeServices()
        self.dma = Stm32Ldma(self.services, "bdma")
        self.channel, self.base = channel, 8 + 0x14 * channel

    def start(self, control: int, count: int, peripheral: int = SOURCE, memory: int = TARGET) -> None:
        for offset, value in ((4, count), (8, peripheral), (12, memory), (16, OTHER), (0, control | EN)):
            self.dma.write(self.base + offset, 4, value)

    def flags(self) -> int:
        return self.dma.read(ISR, 4) >> 4 * self.channel & 0xF

    def memory(self, address: int, count: int) -> bytes:
        return self.services.sysbus.read_bytes(address, count)


def test_memory_to_memory_and_its_interrupt() -> None:
    bench, probe = Bench(), Probe()
    bench.dma.channels[2].irq.connect(probe, 66)
    bench.services.sysbus.write_bytes(SOURCE, bytes(range(16)))
    bench.start(MEM2MEM | PINC | MINC | TCIE | 2 << 8 | 2 << 10, 4)
    assert bench.memory(TARGET, 17) == bytes(range(16)) + b"\0"
    assert bench.flags() == 1 | TCIF | HTIF and probe.rises == 1
    assert bench.dma.read(bench.base, 4) & EN, "EN stays"
    assert bench.dma.read(bench.base + 4, 4) == 0
    bench.dma.write(IFCR, 4, 1 << 8)
    assert bench.flags() == 0 and not bench.dma.channels[2].irq.value


@pytest.mark.parametrize(
    ("peripheral_size", "memory_size", "expected"),
    [(0, 1, "01000200"), (1, 0, "0103"), (0, 2, "0100000002000000"), (2, 1, "01020506")],
)
def test_sizes_extend_and_truncate_item_by_item(peripheral_size: int, memory_size: int, expected: str) -> None:
    """RM0433 table 17.4.5: programmable data width."""
    bench = Bench()
    bench.services.sysbus.write_bytes(SOURCE, bytes(range(1, 9)))
    bench.start(MEM2MEM | PINC | MINC | peripheral_size << 8 | memory_size << 10, 2)
    assert bench.memory(TARGET, len(expected) // 2) == bytes.fromhex(expected)
    assert not any(bench.memory(TARGET + len(expected) // 2, 4))


def test_peripheral_to_memory_moves_an_item_a_request() -> None:
    bench = Bench()
    bench.start(MINC | 1 << 8 | 1 << 10 | HTIE, 4)
    for step in range(4):
        bench.services.sysbus.write(SOURCE, 2, 0x1100 + step)
        assert bench.dma.read(bench.base + 4, 4) == 4 - step
        bench.dma.on_gpio(2, True)
        assert bool(bench.flags() & HTIF) is (step >= 1)
    assert bench.memory(TARGET, 8) == bytes.fromhex("0011011102110311")
    bench.services.sysbus.write(SOURCE, 2, 0xFFFF)
    bench.dma.on_gpio(2, True)
    assert bench.memory(TARGET, 10)[8:] == b"\0\0", "nothing past the end"


def test_memory_to_peripheral_moves_at_once() -> None:
    bench = Bench()
    bench.services.sysbus.write_bytes(TARGET, b"abc")
    bench.start(DIR | MINC, 3)
    assert bench.services.sysbus.writes[-3:] == [(SOURCE, 1, ord(letter)) for letter in "abc"]


def test_circular_reloads() -> None:
    bench = Bench()
    bench.start(CIRC | MINC, 2)
    for value in (1, 2, 3):
        bench.services.sysbus.write(SOURCE, 1, value)
        bench.dma.on_gpio(2, True)
    assert bench.memory(TARGET, 3) == b"\x03\x02\x00"
    assert bench.dma.read(bench.base + 4, 4) == 1


def test_double_buffer_takes_turns() -> None:
    bench = Bench()
    bench.start(DBM | MINC, 1)
    for value in (1, 2):
        bench.services.sysbus.write(SOURCE, 1, value)
        bench.dma.on_gpio(2, True)
    assert bench.memory(TARGET, 1) == b"\x01" and bench.memory(OTHER, 1) == b"\x02"
    assert not bench.dma.read(bench.base, 4) & 1 << 16, "CT is back at the first"


def test_registers_are_locked_while_enabled(caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench()
    bench.start(MINC, 2)
    bench.dma.write(bench.base + 4, 4, 77)
    assert bench.dma.read(bench.base + 4, 4) == 2 and "ignored" in caplog.text
    bench.dma.write(bench.base, 4, MINC)
    bench.dma.write(bench.base + 4, 4, 77)
    assert bench.dma.read(bench.base + 4, 4) == 77


def test_impossible_mode_is_a_transfer_error() -> None:
    bench = Bench()
    bench.start(MEM2MEM | CIRC | TEIE, 2)
    assert bench.flags() == 1 | TEIF and not bench.dma.read(bench.base, 4) & EN
    assert bench.dma.channels[2].irq.value
    bench.dma.reset()
    assert bench.flags() == 0 and not bench.dma.channels[2].irq.value


def test_description() -> None:
    machine = Machine()
    load_repl_string(
        machine,
        """
nvic: IRQControllers.NVIC @ sysbus 0xE000E000
bdma: DMA.STM32LDMA @ sysbus 0x58025400
    [0-7] -> nvic@[66-73]
""",
    )
    assert isinstance(machine.device("bdma"), Stm32Ldma)
