"""PHY, checksums, and the Synopsys MAC of F4 and F7 with its descriptors."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from sim.engine.devices.network.ethernet import frame_check_sequence
from sim.engine.devices.network.ethernet_checksums import Insertion, check, fill, ones_complement_sum
from sim.engine.devices.network.ethernet_phy import EthernetPhysicalLayer
from sim.engine.devices.network.synopsys_ethernet_mac import SynopsysEthernetMac
from sim.engine.devices.serial.trivial_uart import TrivialUart
from sim.engine.machine import Machine
from sim.engine.platform import load_repl_string
from sim.errors import CrosscamError
from sim.tests.fake_services import FakeServices

MACCR, MACFFR, MACHTHR, MACHTLR, MII_ADDRESS, MII_DATA, A0H, A0L, A1H, A1L = (
    0x00, 0x04, 0x08, 0x0C, 0x10, 0x14, 0x40, 0x44, 0x48, 0x4C,
)  # fmt: skip
BMR, TPDR, RPDR, RDLAR, TDLAR, SR, OMR, IER, MFBOCR = (
    0x1000, 0x1004, 0x1008, 0x100C, 0x1010, 0x1014, 0x1018, 0x101C, 0x1020,
)  # fmt: skip
RE, TE, LOOP, CHECK, FAST, STRIP = 1 << 2, 1 << 3, 1 << 12, 1 << 10, 1 << 14, 1 << 25
TS, TBUS, RS, RBUS, AIS, NIS = 1, 4, 1 << 6, 1 << 7, 1 << 15, 1 << 16
OWN = 1 << 31
TX, RX, DATA, INTO = 0x20001000, 0x20002000, 0x20003000, 0x20004000
US, PARTNER = bytes.fromhex("020000000001"), bytes.fromhex("020000000099")


def udp(payload: bytes = b"hello", destination: bytes = PARTNER, source: bytes = US) -> bytes:
    """A UDP datagram with all checksums zero."""
    segment = struct.pack(">HHHH", 1000, 2000, 8 + len(payload), 0) + payload
    header = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(segment), 1, 0, 64, 17, 0, b"\x0a\0\0\1", b"\x0a\0\0\2")
    return destination + source + b"\x08\x00" + header + segment


def test_checksums_against_a_worked_example() -> None:
    """The header of RFC 1071's Wikipedia example sums to 0xB861."""
    header = bytes.fromhex("450000730000400040110000c0a80001c0a800c7")
    assert ~ones_complement_sum(header) & 0xFFFF == 0xB861


@pytest.mark.parametrize("protocol", [1, 6, 17])
def test_fill_and_check_agree(protocol: int) -> None:
    header = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + 24, 1, 0, 64, protocol, 0, b"\x0a\0\0\1", b"\x0a\0\0\2")
    frame = PARTNER + US + b"\x08\x00" + header + bytes(range(24))
    filled = fill(frame, Insertion.ALL)
    assert check(filled) == check(filled.ljust(80, b"\0")) and not check(filled).payload_error
    assert check(filled).version == 4 and check(filled).protocol == protocol
    assert check(filled[:-1] + b"\xee").payload_error
    assert check(filled[:24] + b"\xee" + filled[25:]).header_error
    assert check(fill(frame, Insertion.IP_HEADER)).payload_error
    assert fill(frame, Insertion.NONE) == frame


def test_checksums_of_ipv6_and_of_other_frames() -> None:
    frame = PARTNER + US + b"\x86\xdd" + bytes([0x60, 0, 0, 0, 0, 12, 17, 64]) + bytes(range(32)) + bytes(12)
    filled = fill(frame, Insertion.ALL)
    assert check(frame).version == 6 and not check(filled).payload_error
    assert check(filled[:-1] + b"\1").payload_error
    arp = PARTNER + US + b"\x08\x06" + bytes(46)
    assert fill(arp, Insertion.ALL) == arp and check(arp).version == 0


def test_pseudo_header_left_to_the_stack() -> None:
    frame = udp()
    whole = fill(frame, Insertion.ALL)
    pseudo = ones_complement_sum(frame[26:34] + bytes([0, 17]) + (13).to_bytes(2, "big"))
    prepared = frame[:40] + pseudo.to_bytes(2, "big") + frame[42:]
    assert fill(prepared, Insertion.PAYLOAD_WITHOUT_PSEUDO_HEADER) == whole


def test_phy_registers() -> None:
    phy = EthernetPhysicalLayer(FakeServices(), "phy")
    phy.id1, phy.basic_control = 0x0007, 0x3100
    assert phy.read_register(2) == 7 and phy.read_register(1) == 0x24
    phy.write_register(0, 1 << 9 | 0x3100)
    assert phy.basic_control == 0x3100, "restarting auto-negotiation is over at once"
    phy.write_register(2, 0xFFFF)
    phy.write_register(31, 0xABCD)
    assert phy.id1 == 7 and phy.vendor_specific15 == 0xABCD
    phy.link_up = False
    assert phy.basic_status == 0
    phy.write_register(0, 1 << 15)
    assert phy.vendor_specific15 == 0 and phy.id1 == 7


class Bench:
    def __init__(self, control: int = FAST) -> None:
        self.services = FakeServices()
        self.mac = SynopsysEthernetMac(self.services, "ethernet")
        self.phy = EthernetPhysicalLayer(self.services, "phy")
        self.mac.register_child(self.phy, 0)
        self.set(A0L, int.from_bytes(US[:4], "little"))
        self.set(A0H, int.from_bytes(US[4:], "little"))
        self.control = control
        self.set(TDLAR, TX)
        self.set(RDLAR, RX)
        self.set(IER, 0x1FFFF)

    def on(self) -> None:
        self.set(MACCR, self.control | RE | TE)
        self.set(OMR, 1 << 13 | 1 << 1)
        self.set(SR, 0x1FFFF)

    def set(self, offset: int, value: int) -> None:
        self.mac.write(offset, 4, value)

    def get(self, offset: int) -> int:
        return self.mac.read(offset, 4)

    def words(self, address: int, *values: int) -> None:
        for place, value in enumerate(values):
            self.services.sysbus.write(address + 4 * place, 4, value)

    def word(self, address: int) -> int:
        return self.services.sysbus.read(address, 4)

    def transmit(self, frame: bytes, flags: int = 0) -> None:
        """One chained descriptor that ends the list."""
        self.services.sysbus.write_bytes(DATA, frame)
        self.words(TX, OWN | 1 << 30 | 1 << 29 | 1 << 28 | 1 << 20 | flags, len(frame), DATA, TX + 16)
        self.set(TPDR, 0)
        self.services.clock.microseconds(2000)


def test_reset_values() -> None:
    mac = Bench().mac
    mac.write(BMR, 4, 1)
    assert [mac.read(offset, 4) for offset in (MACCR, A0H, A0L, A1H, BMR, SR, OMR)] == [
        0x8000, 0x8000FFFF, 0xFFFFFFFF, 0xFFFF, 0x20100, 0, 0,
    ]  # fmt: skip
    assert mac.mac == "ff:ff:ff:ff:ff:ff"


def test_management_interface() -> None:
    bench = Bench()
    bench.phy.id1 = 0x0007
    bench.set(MII_ADDRESS, 2 << 6 | 1)
    assert bench.get(MII_DATA) == 7 and not bench.get(MII_ADDRESS) & 1
    bench.set(MII_DATA, 0x1234)
    bench.set(MII_ADDRESS, 16 << 6 | 2 | 1)
    assert bench.phy.vendor_specific0 == 0x1234
    bench.set(MII_ADDRESS, 5 << 11 | 2 << 6 | 1)
    assert bench.get(MII_DATA) == 0xFFFF, "nobody answers"


def test_transmission_with_checksums_takes_wire_time() -> None:
    bench = Bench()
    bench.on()
    bench.services.sysbus.write_bytes(DATA, udp())
    bench.words(TX, OWN | 1 << 30 | 1 << 29 | 1 << 28 | 1 << 20 | 3 << 22, len(udp()), DATA, TX + 16)
    bench.set(TPDR, 0)
    bench.services.clock.advance(84 * 8 * 480 // 100 - 1)
    assert not bench.mac.sent_frames and bench.word(TX) & OWN
    bench.services.clock.advance(1)
    assert list(bench.mac.sent_frames) == [fill(udp(), Insertion.ALL)]
    assert not bench.word(TX) & OWN
    assert bench.get(SR) & 0x1FFFF == TS | TBUS | NIS and bench.mac.irq.value
    bench.set(SR, TS | TBUS | NIS)
    assert not bench.mac.irq.value
    assert bench.get(0x168) == 1


def test_one_frame_in_several_descriptors_of_a_ring() -> None:
    bench = Bench()
    bench.on()
    frame = udp(b"x" * 100)
    bench.services.sysbus.write_bytes(DATA, frame)
    bench.words(TX, OWN | 1 << 28, 30 | 40 << 16, DATA, DATA + 30)
    bench.words(TX + 16, OWN | 1 << 29 | 1 << 21, len(frame) - 70, DATA + 70, 0)
    bench.set(TPDR, 0)
    bench.services.clock.microseconds(100)
    assert list(bench.mac.sent_frames) == [frame]
    assert bench.get(0x1048) == TX, "end of ring: back to the start"
    assert not bench.get(SR) & TS, "no interrupt on completion was asked for"


def receive_ring(bench: Bench, count: int, size: int = 128) -> None:
    for index in range(count):
        last = index == count - 1
        bench.words(RX + 16 * index, OWN, 1 << 14 | size, INTO + 256 * index, RX if last else RX + 16 * index + 16)


def test_reception_over_two_buffers() -> None:
    bench = Bench()
    receive_ring(bench, 3)
    bench.on()
    frame = udp(b"y" * 120, US, PARTNER)
    bench.mac.receive_frame(frame.hex())
    whole = frame + frame_check_sequence(frame)
    assert bench.word(RX) == 1 << 9
    assert bench.word(RX + 16) == 1 << 8 | 1 << 5 | len(whole) << 16
    got = bench.services.sysbus.read_bytes(INTO, 128) + bench.services.sysbus.read_bytes(INTO + 256, len(whole) - 128)
    assert got == whole
    assert bench.get(SR) & 0x1FFFF == RS | NIS and bench.mac.irq.value
    assert bench.get(0x104C) == RX + 32


def test_stripped_fcs_and_checksum_status() -> None:
    bench = Bench(FAST | STRIP | CHECK)
    bench.set(BMR, 1 << 7)
    for index in range(2):
        bench.words(RX + 32 * index, OWN, 1 << 14 | 256, INTO, RX + 32 * (1 - index), 0)
    bench.on()
    frame = fill(udp(b"z" * 30, US, PARTNER), Insertion.ALL)
    bench.mac.on_frame_received(frame)
    assert bench.word(RX) == 1 << 9 | 1 << 8 | 1 << 5 | len(frame) << 16 | 1
    assert bench.word(RX + 16) == 1 | 1 << 6, "UDP over IPv4, nothing wrong"
    bad = frame[:-1] + b"!"
    bench.mac.on_frame_received(bad)
    assert bench.word(RX + 32) & OWN, "dropped"
    bench.set(OMR, bench.get(OMR) | 1 << 26)
    bench.mac.on_frame_received(bad)
    assert bench.word(RX + 32) & 1 << 15 and bench.word(RX + 32 + 16) & 1 << 4


def test_missed_frames_and_recovery() -> None:
    bench = Bench()
    receive_ring(bench, 1)
    bench.on()
    for _ in range(2):
        bench.mac.on_frame_received(udp(destination=US))
    assert bench.get(SR) & (RBUS | AIS) == RBUS | AIS
    assert bench.get(MFBOCR) == 1 and bench.get(MFBOCR) == 0
    receive_ring(bench, 1)
    bench.set(SR, 0x1FFFF)
    bench.set(RPDR, 0)
    bench.mac.on_frame_received(udp(destination=US))
    assert bench.get(SR) & 0x1FFFF == RS | NIS


@pytest.mark.parametrize(
    ("filters", "destination", "taken"),
    [
        ({}, US, True),
        ({}, PARTNER, False),
        ({}, b"\xff" * 6, True),
        ({MACFFR: 1 << 5}, b"\xff" * 6, False),
        ({MACFFR: 1}, PARTNER, True),
        ({}, bytes.fromhex("01005e000001"), False),
        ({MACFFR: 1 << 4}, bytes.fromhex("01005e000001"), True),
        # The hash values the core's manual gives as examples: 0x2C and 0x07.
        ({MACFFR: 1 << 2, MACHTHR: 1 << 12}, bytes.fromhex("1f52419cb6af"), True),
        ({MACFFR: 1 << 2, MACHTHR: ~(1 << 12) & 0xFFFFFFFF}, bytes.fromhex("1f52419cb6af"), False),
        ({MACFFR: 1 << 1, MACHTLR: 1 << 7}, bytes.fromhex("a00a98000045"), True),
        ({MACHTLR: 1 << 7}, bytes.fromhex("a00a98000045"), False),
        ({A1L: int.from_bytes(PARTNER[:4], "little"), A1H: 1 << 31 | 0x9900}, PARTNER, True),
        ({A1L: int.from_bytes(PARTNER[:4], "little"), A1H: 1 << 31 | 1 << 29 | 0x4200}, PARTNER, True),
        ({MACFFR: 1 << 3}, PARTNER, True),
    ],
)
def test_address_filter(filters: dict[int, int], destination: bytes, taken: bool) -> None:
    bench = Bench()
    receive_ring(bench, 1)
    for offset, value in filters.items():
        bench.set(offset, value)
    bench.on()
    bench.mac.on_frame_received(udp(destination=destination))
    assert bool(bench.get(SR) & RS) is taken


def test_loop_back_of_mac_and_phy() -> None:
    for by_phy in (False, True):
        bench = Bench(FAST if by_phy else FAST | LOOP)
        receive_ring(bench, 1)
        bench.on()
        if by_phy:
            bench.phy.write_register(0, 1 << 14)
        bench.transmit(udp(destination=US))
        assert bench.services.sysbus.read_bytes(INTO, len(udp())) == udp(destination=US)
        assert not bench.mac.sent_frames


def test_address_set_by_a_script() -> None:
    bench = Bench()
    bench.mac.mac = "00-11-22-33-44-55"
    assert bench.mac.mac == "00:11:22:33:44:55" and bench.get(A0L) == 0x33221100 and bench.get(A0H) == 0x80005544
    with pytest.raises(CrosscamError, match="six bytes"):
        bench.mac.mac = "00:11"


def test_frames_with_a_length_lose_their_padding() -> None:
    for control, kept in ((FAST, 64), (FAST | 1 << 7, 14 + 5)):
        bench = Bench(control)
        receive_ring(bench, 1)
        bench.on()
        bench.mac.receive_frame((US + PARTNER + b"\0\5hello").hex())
        assert bench.word(RX) >> 16 & 0x3FFF == kept


def test_no_link_loses_frames(caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench()
    bench.on()
    bench.phy.link_up = False
    bench.transmit(udp())
    assert not bench.mac.sent_frames and "without a link" in caplog.text


def test_capture_file(tmp_path: Path) -> None:
    bench = Bench()
    bench.on()
    bench.transmit(udp())
    file = tmp_path / "sent.pcap"
    bench.mac.save_pcap(file)
    content = file.read_bytes()
    assert struct.unpack("<IHHiIII", content[:24])[0] == 0xA1B2C3D4
    seconds, micros, kept, whole = struct.unpack("<IIII", content[24:40])
    assert (seconds, micros) == (0, 6) and kept == whole == len(udp()) and content[40:] == udp()
    with pytest.raises(CrosscamError, match="cannot write"):
        bench.mac.save_pcap(tmp_path / "nowhere" / "x")


def test_wrong_children_frames_and_versions() -> None:
    bench = Bench()
    with pytest.raises(CrosscamError, match="is no PHY"):
        bench.mac.register_child(TrivialUart(bench.services, "uart"), 1)
    with pytest.raises(CrosscamError, match="expected 0 to 31"):
        bench.mac.register_child(EthernetPhysicalLayer(bench.services, "phy"), 32)
    for data in ("zz", "00 01"):
        with pytest.raises(CrosscamError, match="expected a frame"):
            bench.mac.receive_frame(data)


def test_description() -> None:
    machine = Machine()
    load_repl_string(
        machine,
        """
nvic: IRQControllers.NVIC @ sysbus 0xE000E000
ethernet: Network.SynopsysEthernetMAC @ sysbus 0x40028000
    -> nvic@61
phy: Network.EthernetPhysicalLayer @ ethernet 0
    Id1: 0x0007
    Id2: 0xC0F1
    AutoNegotiationAdvertisement: 0x00A1
""",
    )
    phy = machine.device("ethernet.phy")
    assert isinstance(phy, EthernetPhysicalLayer) and phy.id2 == 0xC0F1
    with pytest.raises(CrosscamError, match="BEAGLE_V is not modelled"):
        load_repl_string(
            Machine(),
            """
mac: Network.SynopsysEthernetMAC @ sysbus 0x40028000
    version: SynopsysEthernetVersion.BeagleV
""",
        )
