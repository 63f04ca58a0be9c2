"""Packets of the remote protocol as bytes, and the documents the server gives."""

from __future__ import annotations

import itertools
import xml.etree.ElementTree as Xml
import zlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sim.engine.observe.gdb.debuggee import Area
from sim.engine.observe.gdb.memory_map import areas, memory_map
from sim.engine.observe.gdb.packets import LARGEST, Packet, PacketReader, Sign, framed, unescaped
from sim.engine.observe.gdb.registers import described, target_description
from sim.engine.observe.gdb.server import parse_address
from sim.errors import CrosscamError
from sim.tests.engine_bench import Bench


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.binary(max_size=40), max_size=5), st.integers(1, 7))
def test_packets_should_come_whole_however_they_are_cut(packets: list[bytes], size: int) -> None:
    stream = b"+".join(framed(each) for each in packets)
    reader = PacketReader()
    found: list[Packet | Sign] = []
    for start in range(0, len(stream), size):
        found += reader.feed(stream[start : start + size])
    assert [each for each in found if isinstance(each, Packet)] == [Packet(each) for each in packets]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=200))
def test_any_bytes_should_be_taken_without_an_end(data: bytes) -> None:
    reader = PacketReader()
    list(reader.feed(data))
    assert Packet(b"?") in list(reader.feed(b"#00" + framed(b"?")))


def test_signs_should_be_told_apart() -> None:
    assert list(PacketReader().feed(b"+\x03-x$?#00")) == [Sign.RECEIVED, Sign.INTERRUPT, Sign.AGAIN, Sign.DAMAGED]


def test_a_packet_without_end_should_be_dropped() -> None:
    reader = PacketReader()
    assert list(reader.feed(b"$" + b"x" * (2 * LARGEST + 8))) == [Sign.DAMAGED]
    assert list(reader.feed(framed(b"?"))) == [Packet(b"?")]


def test_an_escape_at_the_end_should_be_dropped() -> None:
    assert unescaped(b"a}") == b"a" and unescaped(b"}\x03}]") == b"#}"


def test_the_target_should_describe_every_register_once() -> None:
    features = Xml.fromstring(target_description(floats=True)).findall("feature")
    assert [each.get("name") for each in features] == [f"org.gnu.gdb.arm.{n}" for n in ("m-profile", "m-system", "vfp")]
    registers = [each for feature in features for each in feature.findall("reg")]
    assert [(int(each.get("regnum", "")), each.get("name")) for each in registers] == [
        (each.number, each.name) for each in described(floats=True)
    ]
    assert len(Xml.fromstring(target_description(floats=False)).findall("feature")) == 2


def test_the_memory_map_should_tell_flash_from_the_rest() -> None:
    found = areas(Bench().machine.sysbus)
    assert any(each.kind == "flash" and each.start == 0x08000000 for each in found)
    assert all(one.end <= other.start for one, other in itertools.pairwise(found))
    document = Xml.fromstring(memory_map([Area(0, 0x100, "ram"), Area(0x1000, 0x2000, "flash")]))
    kinds = [(each.get("type"), each.get("start"), each.get("length")) for each in document.findall("memory")]
    assert kinds == [("ram", "0x0", "0x100"), ("flash", "0x1000", "0x1000")]


@pytest.mark.parametrize(("text", "port"), [("3333", 3333), (":0", 0), ("localhost:12", 12), ("127.0.0.1:1", 1)])
def test_ports_of_this_computer_should_be_taken(text: str, port: int) -> None:
    assert parse_address(text) == port


@pytest.mark.parametrize("text", ["0.0.0.0:3333", "::3333", "192.168.1.1:1", "", ":", ":65536", ":-1", "x", ":٣"])
def test_other_addresses_should_be_refused_with_a_line(text: str) -> None:
    with pytest.raises(CrosscamError, match="expected") as caught:
        parse_address(text)
    assert "\n" not in str(caught.value)


def gdb_crc(data: bytes) -> int:
    """As GDB's ``xcrc32`` of libiberty says in words: polynomial 0x04C11DB7, the high bit first."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1 ^ (0x04C11DB7 if crc & 0x80000000 else 0)) & 0xFFFFFFFF
    return crc


def test_the_checksum_of_the_tests_should_not_be_that_of_zlib() -> None:
    assert gdb_crc(b"123456789") == 0x0376E6E7 != zlib.crc32(b"123456789")
