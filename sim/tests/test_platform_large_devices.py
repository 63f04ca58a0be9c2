"""A board of our own with every larger device: one description, each interrupt arrives where the arrows say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sim.engine.devices.network.can_bus import CanController
from sim.engine.devices.network.ethernet import EthernetController
from sim.engine.machine import Machine
from sim.engine.monitor import Monitor

BOARD = """
cpu: CPU.CortexM @ sysbus
    cpuType: "cortex-m7"
    nvic: nvic
nvic: IRQControllers.NVIC @ sysbus 0xE000E000
    IRQ -> cpu@0
ram: Memory.MappedMemory @ sysbus 0x24000000
    size: 0x80000
canRam: Memory.ArrayMemory @ sysbus <0x4000AC00, +0x2800>
    size: 0x2800
sdmmc: SD.STM32HSDMMC @ sysbus 0x52007000
    IRQ -> nvic@1
sdio: SD.STM32FSDMMC @ sysbus 0x40012C00
    IRQ -> nvic@2
    DMAReceive -> dma2@3
dma2: DMA.STM32DMA @ sysbus 0x40020400
    3 -> nvic@3
bdma: DMA.STM32LDMA @ sysbus 0x58025400
    [0-7] -> nvic@[4-11]
dma2d: DMA.STM32DMA2D @ sysbus 0x52001000
    -> nvic@12
ltdc: Video.STM32LTDC @ sysbus 0x50001000
    IRQ -> nvic@13
    ErrorIRQ -> nvic@14
can2: CAN.STMCAN @ sysbus <0x40006800, +0x400>
    [0-3] -> nvic@[15-18]
    master: can1
can1: CAN.STMCAN @ sysbus <0x40006400, +0x400>
    [0-3] -> nvic@[19-22]
fdcan: CAN.MCAN @ sysbus 0x4000A000
    Line0 -> nvic@23
    Line1 -> nvic@24
    messageRAM: canRam
mac: Network.SynopsysEthernetMAC @ sysbus 0x40028000
    -> nvic@25
macPhy: Network.EthernetPhysicalLayer @ mac 0
    Id1: 0x0007
qos: Network.SynopsysDWCEthernetQualityOfService @ {
    sysbus 0x4002C000;
    sysbus new Bus.BusMultiRegistration { address: 0x4002CC00; size: 0x200; region: "mtl" };
    sysbus new Bus.BusMultiRegistration { address: 0x4002D000; size: 0x200; region: "dma" }
    }
    systemClockFrequency: 50000000
    dmaBusWidth: BusWidth.Bits32
    -> nvic@26
qspi: SPI.STM32H7_QuadSPI @ sysbus 0x52005000
    -> nvic@27
flash: SPI.Macronix_MX25R @ qspi {underlyingMemory: flashMemory}
flashMemory: Memory.MappedMemory @ sysbus 0x90000000
    size: 0x10000
crypto: Miscellaneous.Crypto.STM32H7_CRYPTO @ sysbus 0x48021000
    -> nvic@28
"""
PENDING = 0xE000E200
Act = Callable[[Machine], None]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    monitor = Monitor()
    monitor.execute("mach create")
    monitor.execute(f'machine LoadPlatformDescriptionFromString """{BOARD}"""')
    image = tmp_path / "card.img"
    image.write_bytes(bytes(range(256)) * 4)
    for host in ("sdmmc", "sdio"):
        monitor.execute(f'machine SdCardFromFile "{image}" sysbus.{host} 0x100000 False')
    return monitor.machine


def writes(*pairs: tuple[int, int]) -> Act:
    def act(machine: Machine) -> None:
        for address, value in pairs:
            machine.sysbus.write(address, 4, value)

    return act


def frame_to(path: str, first: Act) -> Act:
    def act(machine: Machine) -> None:
        first(machine)
        device = machine.device(path)
        assert isinstance(device, EthernetController | CanController)
        device.receive_frame("ff" * 60 if isinstance(device, EthernetController) else 1)  # type: ignore[arg-type]

    return act


CASES: dict[str, tuple[int, Act]] = {
    "card command of H7": (1, writes((0x52007000, 3), (0x5200703C, 1 << 7), (0x5200700C, 1 << 12))),
    "card command of F7": (2, writes((0x40012C00, 3), (0x40012C3C, 1 << 7), (0x40012C0C, 1 << 10))),
    "channel 2 of the basic DMA": (
        6,
        writes((0x58025434, 1), (0x58025438, 0x24000000), (0x5802543C, 0x24000100), (0x58025430, 1 << 14 | 2 | 1)),
    ),
    "fill": (12, writes((0x5200103C, 0x24000000), (0x52001044, 1 << 16 | 1), (0x52001000, 3 << 16 | 1 << 9 | 1))),
    "line": (13, writes((0x50001034, 1), (0x50001018, 1))),
    "frame buffer underrun": (
        14,
        writes(
            (0x50001034, 2), (0x5000108C, 7 << 16), (0x500010AC, 0x24000000), (0x50001084, 1), (0x50001024, 1),
            (0x50001018, 1),
        ),
    ),
    "transmit mailbox of the slave": (
        15,
        writes((0x40006814, 1), (0x40006800, 1), (0x4000681C, 1 << 30), (0x40006800, 0), (0x40006980, 1)),
    ),
    "sleep of the master": (22, writes((0x40006414, 1 << 17), (0x40006400, 0), (0x40006400, 2))),
    "FDCAN, line 1": (
        24,
        frame_to(
            "fdcan",
            writes((0x4000A018, 3), (0x4000A0A0, 1 << 16), (0x4000A018, 0), (0x4000A054, 1), (0x4000A058, 1),
                   (0x4000A05C, 3)),
        ),
    ),
    "frame without a descriptor": (
        25,
        frame_to("mac", writes((0x4002901C, 1 << 15 | 1 << 7), (0x40028000, 4), (0x40029018, 2))),
    ),
    "the same at the other MAC": (
        26,
        frame_to("qos", writes((0x4002D134, 1 << 14 | 1 << 7), (0x4002C000, 1), (0x4002D108, 1))),
    ),
    "flash command": (27, writes((0x52005000, 1 << 17 | 1), (0x52005014, 1 << 8 | 0x06))),
    "room in the input FIFO": (28, writes((0x48021014, 1), (0x48021000, 1 << 15 | 4 << 3))),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_interrupt_arrives(machine: Machine, name: str) -> None:
    number, act = CASES[name]
    assert machine.sysbus.read(PENDING, 4) == 0
    act(machine)
    machine.run_for(0.1)
    pending = machine.sysbus.read(PENDING, 4)
    assert pending == 1 << number, f"pending 0x{pending:X}"


def test_card_to_memory_through_the_dma(machine: Machine) -> None:
    """DMAReceive drives stream 3, whose interrupt is 3."""
    bus = machine.sysbus

    def command(index: int, argument: int, answer: int) -> None:
        writes((0x40012C38, 0xFFFFFFFF), (0x40012C08, argument), (0x40012C0C, index | answer << 6 | 1 << 10))(machine)
        machine.run_for(0.001)

    writes((0x40012C00, 3), (0x40012C04, 1 << 8), (0x40012C24, 0xFFFFFFFF))(machine)
    for index, argument, answer in ((0, 0, 0), (8, 0x1AA, 1), (55, 0, 1), (41, 0x40FF8000, 1), (2, 0, 3), (3, 0, 1)):
        command(index, argument, answer)
    command(7, bus.read(0x40012C14, 4) & 0xFFFF0000, 1)
    stream = 0x40020400 + 0x10 + 3 * 0x18
    writes((stream + 4, 128), (stream + 8, 0x40012C80), (stream + 12, 0x24001000))(machine)
    writes((stream, 2 << 13 | 2 << 11 | 1 << 10 | 1 << 4 | 1))(machine)
    writes((0x40012C28, 512), (0x40012C2C, 9 << 4 | 1 << 3 | 3))(machine)
    command(17, 512, 1)
    assert bus.read_bytes(0x24001000, 512) == bytes(range(256)) * 2
    assert bus.read(PENDING, 4) == 1 << 3


def test_flash_is_on_the_bus_and_phy_answers(machine: Machine) -> None:
    bus = machine.sysbus
    assert bus.read(0x9000FFFC, 4) == 0xFFFFFFFF
    bus.write(0x40028010, 4, 2 << 6 | 1)
    assert bus.read(0x40028014, 4) == 7
    bus.write(0x4002D114, 4, 0x24000000)
    assert bus.read(0x4002D114, 4) == 0x24000000 and bus.read(0x4002CD00, 4) == 0x00070008
