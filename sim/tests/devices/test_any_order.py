"""Whatever a driver does to the larger devices, in any order: they answer, time goes on, a reset gives reset values."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable

import pytest

from sim.engine.bus import MappedMemory
from sim.engine.devices.base import Device
from sim.engine.devices.crypto.stm32h7_crypto import Stm32H7Crypto
from sim.engine.devices.dma.stm32_ldma import Stm32Ldma
from sim.engine.devices.graphics.stm32_dma2d import Stm32Dma2d
from sim.engine.devices.graphics.stm32_ltdc import Stm32Ltdc
from sim.engine.devices.network.can_bus import CanController, CanFrame
from sim.engine.devices.network.ethernet import EthernetController
from sim.engine.devices.network.ethernet_phy import EthernetPhysicalLayer
from sim.engine.devices.network.mcan import MCan
from sim.engine.devices.network.stm_can import StmCan
from sim.engine.devices.network.synopsys_dwc_ethernet_qos import SynopsysDwcEthernetQualityOfService
from sim.engine.devices.network.synopsys_ethernet_mac import SynopsysEthernetMac
from sim.engine.devices.spi.stm32h7_quadspi import Stm32H7QuadSpi
from sim.engine.devices.storage.sd_card import SdCard
from sim.engine.devices.storage.spi_flash import MacronixMx25r
from sim.engine.devices.storage.stm32_sdmmc import Stm32FSdmmc, Stm32HSdmmc
from sim.tests.fake_services import FakeServices

Made = tuple[Device, Device, list[int]]
"""The device, what answers its registers, the offsets to try."""


def registers(*spans: tuple[int, int]) -> list[int]:
    return [offset for first, end in spans for offset in range(first, end, 4)]


def with_card(kind: type[Stm32FSdmmc] | type[Stm32HSdmmc], services: FakeServices) -> Made:
    host = kind(services, "sdmmc")
    host.register_child(SdCard(services, "card", capacity=1 << 20), 0)
    return host, host, registers((0, 0xC0))


def with_flash(services: FakeServices) -> Made:
    qspi = Stm32H7QuadSpi(services, "qspi")
    memory = MappedMemory(services, "memory", size=1 << 16)
    qspi.register_child(MacronixMx25r(services, "flash", underlying_memory=memory), 0)
    return qspi, qspi, registers((0, 0x34))


def ethernet(services: FakeServices) -> Made:
    mac = SynopsysEthernetMac(services, "ethernet")
    mac.register_child(EthernetPhysicalLayer(services, "phy"), 0)
    return mac, mac, registers((0, 0x60), (0x1000, 0x1058))


def ethernet_qos(services: FakeServices) -> Made:
    mac = SynopsysDwcEthernetQualityOfService(services, "ethernet", system_clock_frequency=1)
    mac.write(0x00, 4, 3)
    return mac, mac.region("dma"), registers((0, 0x18), (0x100, 0x170))


def plain(make: Callable[[FakeServices], Device], *spans: tuple[int, int]) -> Callable[[FakeServices], Made]:
    def made(services: FakeServices) -> Made:
        device = make(services)
        return device, device, registers(*spans)

    return made


DEVICES: dict[str, Callable[[FakeServices], Made]] = {
    "sdmmc f": lambda services: with_card(Stm32FSdmmc, services),
    "sdmmc h": lambda services: with_card(Stm32HSdmmc, services),
    "ldma": plain(lambda services: Stm32Ldma(services, "bdma"), (0, 0xB0)),
    "dma2d": plain(lambda services: Stm32Dma2d(services, "dma2d"), (0, 0x50)),
    "ltdc": plain(lambda services: Stm32Ltdc(services, "ltdc"), (8, 0x4C), (0x84, 0xC8), (0x104, 0x148)),
    "can": plain(lambda services: StmCan(services, "can"), (0, 0x20), (0x180, 0x1D0), (0x200, 0x250)),
    "mcan": plain(
        lambda services: MCan(services, "can", message_ram=MappedMemory(services, "ram", size=0x2800)), (0, 0x10C)
    ),
    "ethernet": ethernet,
    "ethernet qos": ethernet_qos,
    "qspi": with_flash,
    "crypto": plain(lambda services: Stm32H7Crypto(services, "crypto"), (0, 0x70)),
}


def use(device: Device, window: Device, offsets: list[int], services: FakeServices, chance: random.Random) -> None:
    """One step: a read, a write, a bit set, time, or a frame from outside."""
    offset, kind = chance.choice(offsets), chance.random()
    if kind < 0.2:
        window.read(offset, chance.choice((1, 2, 4)))
    elif kind < 0.5:
        word = chance.getrandbits(32) & chance.getrandbits(32) & chance.choice((0xFFFFFFFF, 0xFFFF, 0xFFF))
        window.write(offset, 4, word)
    elif kind < 0.75:
        window.write(offset, 4, window.read(offset, 4) | 1 << chance.randrange(32))
    elif kind < 0.8:
        window.write(offset, chance.choice((1, 2)), chance.getrandbits(8))
    elif kind < 0.97:
        services.clock.advance(chance.choice((1, 100, 10_000, 1_000_000)))
    elif isinstance(device, CanController):
        device.on_frame_received(CanFrame(chance.getrandbits(11), bytes(chance.randrange(9))))
    elif isinstance(device, EthernetController):
        device.on_frame_received(bytes(chance.randrange(60, 200)))


def values(window: Device, offsets: Iterable[int]) -> list[int]:
    return [window.read(offset, 4) for offset in offsets]


@pytest.mark.parametrize("name", DEVICES)
def test_any_order_of_accesses(name: str) -> None:
    for seed in range(12):
        chance, services = random.Random(f"{name} {seed}"), FakeServices()
        device, window, offsets = DEVICES[name](services)
        for _ in range(150):
            use(device, window, offsets, services, chance)
        device.reset()
        assert not any(line.value for line in device.outputs.values()), f"seed {seed}: an output is high after reset"
        fresh = DEVICES[name](FakeServices())
        fresh[0].reset()
        assert values(window, offsets) == values(fresh[1], offsets), f"seed {seed}: registers after reset"
        assert services.clock.pending == 0, f"seed {seed}: a reset device has nothing under way"
