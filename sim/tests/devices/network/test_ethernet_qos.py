"""The H7's Ethernet MAC: rings with tail pointers, checksums, filters, loop back, regions."""

from __future__ import annotations

import pytest

from sim.engine.devices.network.ethernet import frame_check_sequence
from sim.engine.devices.network.ethernet_checksums import Insertion, fill
from sim.engine.devices.network.ethernet_phy import EthernetPhysicalLayer
from sim.engine.devices.network.synopsys_dwc_ethernet_qos import SynopsysDwcEthernetQualityOfService
from sim.engine.machine import Machine
from sim.engine.platform import load_repl_string
from sim.errors import CrosscamError
from sim.tests.devices.network.test_ethernet import DATA, INTO, PARTNER, RX, TX, US, udp
from sim.tests.fake_services import FakeServices

MACCR, MACPFR, MDIOAR, MDIODR, A0H, A0L = 0x00, 0x08, 0x200, 0x204, 0x300, 0x304
DMAMR, DMAISR, DMADSR, CCR, TXCR, RXCR, TXDLAR, RXDLAR, TXDTPR, RXDTPR, TXRLR, RXRLR, IER, CURRENT_TX, SR, MFCR = (
    0x000, 0x008, 0x00C, 0x100, 0x104, 0x108, 0x114, 0x11C, 0x120, 0x128, 0x12C, 0x130, 0x134, 0x144, 0x160, 0x16C,
)  # fmt: skip
RE, TE, FAST, LOOP, STRIP, CHECK = 1, 2, 1 << 14, 1 << 12, 1 << 21, 1 << 27
TI, TBU, RI, RBU, AIS, NIS = 1, 4, 1 << 6, 1 << 7, 1 << 14, 1 << 15
OWN, FIRST, LAST, IOC = 1 << 31, 1 << 29, 1 << 28, 1 << 31
COUNT = 4


class Bench:
    """Rings of four descriptors."""

    def __init__(self, control: int = FAST) -> None:
        self.services = FakeServices()
        self.mac = SynopsysDwcEthernetQualityOfService(self.services, "ethernet", system_clock_frequency=50_000_000)
        self.dma = self.mac.region("dma")
        self.phy = EthernetPhysicalLayer(self.services, "phy")
        self.mac.register_child(self.phy, 0)
        self.mac.write(A0L, 4, int.from_bytes(US[:4], "little"))
        self.mac.write(A0H, 4, int.from_bytes(US[4:], "little"))
        for offset, value in (
            (TXDLAR, TX), (RXDLAR, RX), (TXDTPR, TX), (RXDTPR, RX), (TXRLR, COUNT - 1), (RXRLR, COUNT - 1),
            (IER, 0xFFFF),
        ):  # fmt: skip
            self.set(offset, value)
        self.control = control

    def on(self) -> None:
        self.mac.write(MACCR, 4, self.control | RE | TE)
        self.set(TXCR, 1)
        self.set(RXCR, 128 << 1 | 1)
        self.set(SR, 0xFFFF)

    def set(self, offset: int, value: int) -> None:
        self.dma.write(offset, 4, value)

    def get(self, offset: int) -> int:
        return self.dma.read(offset, 4)

    def words(self, address: int, *values: int) -> None:
        for place, value in enumerate(values):
            self.services.sysbus.write(address + 4 * place, 4, value)

    def word(self, address: int) -> int:
        return self.services.sysbus.read(address, 4)

    def give_receive_descriptors(self, count: int) -> None:
        for index in range(count):
            self.words(RX + 16 * index, INTO + 256 * index, 0, 0, OWN | 1 << 30 | 1 << 24)
        self.set(RXDTPR, RX + 16 * (count % COUNT))

    def run(self, microseconds: float = 100) -> None:
        self.services.clock.microseconds(microseconds)


def test_identification_and_software_reset() -> None:
    bench = Bench()
    assert bench.mac.read(0x110, 4) == 0x3142
    bench.set(DMAMR, 1)
    assert bench.get(DMAMR) == 0 and bench.get(TXDLAR) == 0
    assert bench.mac.read(A0H, 4) == 0x8000FFFF and bench.mac.region("mtl").read(0x100, 4) == 0x00070008


def test_management_interface() -> None:
    bench = Bench()
    bench.phy.id2 = 0xC130
    bench.mac.write(MDIOAR, 4, 3 << 16 | 3 << 2 | 1)
    assert bench.mac.read(MDIODR, 4) == 0xC130 and not bench.mac.read(MDIOAR, 4) & 1
    bench.mac.write(MDIODR, 4, 0x1E1)
    bench.mac.write(MDIOAR, 4, 4 << 16 | 1 << 2 | 1)
    assert bench.phy.auto_negotiation_advertisement == 0x1E1
    bench.mac.write(MDIOAR, 4, 9 << 21 | 3 << 2 | 1)
    assert bench.mac.read(MDIODR, 4) == 0xFFFF


def test_transmission_over_two_descriptors() -> None:
    bench = Bench()
    bench.on()
    frame = udp(b"q" * 100)
    bench.services.sysbus.write_bytes(DATA, frame)
    bench.words(TX, DATA, DATA + 50, 50 | 20 << 16, OWN | FIRST | 3 << 16 | len(frame))
    bench.words(TX + 16, DATA + 70, 0, IOC | len(frame) - 70, OWN | LAST)
    bench.set(TXDTPR, TX + 32)
    assert bench.get(DMADSR) >> 12 & 7 == 2
    bench.run()
    assert list(bench.mac.sent_frames) == [fill(frame, Insertion.ALL)]
    assert bench.word(TX + 12) == FIRST | 3 << 16 | len(frame) and bench.word(TX + 28) == LAST
    assert bench.get(SR) == TI | TBU | NIS and bench.mac.irq.value and bench.get(DMAISR) == 1
    assert bench.get(CURRENT_TX) == TX + 32
    bench.set(SR, 0xFFFF)
    assert not bench.mac.irq.value
    assert bench.mac.read(0x768, 4) == 1


def test_ring_wraps_and_stops_at_the_tail() -> None:
    bench = Bench()
    bench.on()
    for index in range(COUNT):
        bench.services.sysbus.write_bytes(DATA + 100 * index, udp(bytes([index])))
        bench.words(TX + 16 * index, DATA + 100 * index, 0, len(udp(b"0")), OWN | FIRST | LAST)
    bench.set(TXDTPR, TX + 48)
    bench.run()
    assert len(bench.mac.sent_frames) == 3 and bench.word(TX + 60) & OWN, "the tail is not the DMA's"
    bench.set(TXDTPR, TX)
    bench.run()
    assert [frame[42] for frame in bench.mac.sent_frames] == [0, 1, 2, 3]
    assert bench.get(CURRENT_TX) == TX


def test_reception_over_two_descriptors() -> None:
    bench = Bench()
    bench.on()
    bench.give_receive_descriptors(3)
    frame = udp(b"r" * 120, US, PARTNER)
    bench.mac.receive_frame(frame.hex(" "))
    whole = frame + frame_check_sequence(frame)
    assert bench.word(RX + 12) == FIRST
    assert bench.word(RX + 28) == LAST | 1 << 26 | 1 << 16 | len(whole)
    got = bench.services.sysbus.read_bytes(INTO, 128) + bench.services.sysbus.read_bytes(INTO + 256, len(whole) - 128)
    assert got == whole
    assert bench.get(SR) == RI | NIS


def test_frames_wait_for_descriptors() -> None:
    bench = Bench()
    bench.on()
    bench.give_receive_descriptors(1)
    for payload in (b"1", b"2"):
        bench.mac.on_frame_received(udp(payload, US))
    assert bench.get(SR) & (RBU | AIS) == RBU | AIS and bench.get(DMADSR) >> 8 & 7 == 4
    bench.words(RX + 16, INTO + 256, 0, 0, OWN | 1 << 24)
    bench.set(RXDTPR, RX + 32)
    assert bench.services.sysbus.read_bytes(INTO + 256 + 42, 1) == b"2"
    for _ in range(200):
        bench.mac.on_frame_received(udp(b"x" * 60, US))
    assert bench.get(MFCR) > 0 and bench.get(MFCR) == 0


def test_checksum_status_and_stripped_fcs() -> None:
    bench = Bench(FAST | STRIP | CHECK)
    bench.on()
    bench.give_receive_descriptors(3)
    frame = fill(udp(b"s" * 30, US, PARTNER), Insertion.ALL)
    bench.mac.on_frame_received(frame)
    assert bench.word(RX + 4) == 1 | 1 << 4
    assert bench.word(RX + 12) & 0x7FFF == len(frame)
    bench.mac.on_frame_received(frame[:-1] + b"!")
    assert bench.word(RX + 16 + 12) & OWN, "dropped"
    bench.mac.region("mtl").write(0x130, 4, 1 << 6)
    bench.mac.on_frame_received(frame[:-1] + b"!")
    assert bench.word(RX + 16 + 4) == 1 | 1 << 4 | 1 << 7 and bench.word(RX + 16 + 12) & 1 << 15


def test_filter_and_loop_back() -> None:
    bench = Bench(FAST | LOOP)
    bench.on()
    bench.give_receive_descriptors(3)
    bench.mac.on_frame_received(udp())
    assert bench.get(SR) == 0, "not for us"
    bench.services.sysbus.write_bytes(DATA, udp(destination=US))
    bench.words(TX, DATA, 0, len(udp()), OWN | FIRST | LAST)
    bench.set(TXDTPR, TX + 16)
    bench.run()
    assert bench.services.sysbus.read_bytes(INTO, len(udp())) == udp(destination=US)
    assert not bench.mac.sent_frames


@pytest.mark.parametrize(
    ("register", "descriptor", "expected"),
    [(3, 0, US), (7, 0, PARTNER), (0, 2, US), (3, 6, PARTNER), (2, 0, US + bytes(6)), (0, 1, US + bytes(6))],
)
def test_source_address_is_replaced_or_inserted(register: int, descriptor: int, expected: bytes) -> None:
    """MACCR.SARC for every frame, TDES3.SAIC for one; the third bit of both chooses the second address."""
    bench = Bench(FAST | register << 28)
    bench.mac.write(A0L + 8, 4, int.from_bytes(PARTNER[:4], "little"))
    bench.mac.write(A0H + 8, 4, int.from_bytes(PARTNER[4:], "little"))
    bench.on()
    frame = udp(source=bytes(6))
    bench.services.sysbus.write_bytes(DATA, frame)
    bench.words(TX, DATA, 0, len(frame), OWN | FIRST | LAST | descriptor << 23)
    bench.set(TXDTPR, TX + 16)
    bench.run()
    assert bench.mac.sent_frames[0] == frame[:6] + expected + frame[12:]


def test_context_descriptor_and_own_fcs(caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench()
    bench.on()
    frame = udp(b"t" * 30)
    bench.services.sysbus.write_bytes(DATA, frame + frame_check_sequence(frame))
    bench.words(TX, 0, 0, 0, OWN | 1 << 30)
    bench.words(TX + 16, DATA, 0, len(frame) + 4, OWN | FIRST | LAST | 2 << 26)
    bench.set(TXDTPR, TX + 32)
    bench.run()
    assert list(bench.mac.sent_frames) == [frame]
    assert not bench.word(TX + 12) & OWN and "context descriptor" in caplog.text


@pytest.mark.parametrize(
    "parameters", [{"dma_channel_count": 2}, {"rx_queue_size": 100}, {"tx_queue_size": 64}, {"region": "nothing"}]
)
def test_parameters_are_checked(parameters: dict[str, int | str]) -> None:
    region = parameters.pop("region", None)
    with pytest.raises(CrosscamError, match="expected"):
        SynopsysDwcEthernetQualityOfService(FakeServices(), "mac", system_clock_frequency=1, **parameters).region(  # type: ignore[arg-type]
            str(region)
        )


def test_description_with_regions() -> None:
    machine = Machine()
    load_repl_string(
        machine,
        """
nvic: IRQControllers.NVIC @ sysbus 0xE000E000
ethernet: Network.SynopsysDWCEthernetQualityOfService @ {
    sysbus 0x40028000;
    sysbus new Bus.BusMultiRegistration { address: 0x40028C00; size: 0x200; region: "mtl" };
    sysbus new Bus.BusMultiRegistration { address: 0x40029000; size: 0x200; region: "dma" }
    }
    systemClockFrequency: 50000000
    dmaBusWidth: BusWidth.Bits32
    -> nvic@61
phy: Network.EthernetPhysicalLayer @ ethernet 0
    BasicControl: 0x3100
    Id1: 0x0007
""",
    )
    machine.sysbus.write(0x40029114, 4, 0x24000010)
    assert machine.sysbus.read(0x40029114, 4) == 0x24000010 and machine.sysbus.read(0x40028D00, 4) == 0x00070008
    machine.sysbus.write(0x40028200, 4, 2 << 16 | 3 << 2 | 1)
    assert machine.sysbus.read(0x40028204, 4) == 7
