"""How much of each memory a firmware takes: what is linked there, and which bytes have had another value."""

from __future__ import annotations

import pytest

from sim.engine.elf import ElfImage
from sim.profile.memory_use import MemoryUse, MemoryWatch
from sim.tests.engine_bench import FLASH, RAM, Bench


@pytest.fixture
def bench() -> Bench:
    """48 bytes linked into flash, 20 over the end of the RAM of which 16 lie in it."""
    bench = Bench()
    sections = {".text": FLASH, ".data": FLASH + 32, ".bss": RAM + 0x20000 - 16}
    sizes = {".text": 32, ".data": 16, ".bss": 20, ".lost": 8}
    bench.machine.symbols = ElfImage(entry=FLASH, sections=sections, sizes=sizes)
    return bench


def test_what_is_linked_where(bench: Bench) -> None:
    assert MemoryWatch(bench.machine).use() == [
        MemoryUse("flash", FLASH, 0x20000, 48, 0, None, None),
        MemoryUse("ram", RAM, 0x20000, 16, 0, None, None),
    ]


def test_a_byte_that_changed_counts_once_even_if_it_changed_back(bench: Bench) -> None:
    watch = MemoryWatch(bench.machine)
    for value in (1, 2):
        bench.machine.sysbus.write_bytes(RAM + 0x100, bytes([value, 0, value]))
        watch.look()
    bench.machine.sysbus.write_bytes(RAM + 0x100, bytes(3))
    bench.machine.sysbus.write_bytes(RAM + 0x7, b"\x05")
    use = next(each for each in watch.use() if each.name == "ram")
    assert (use.changed, use.lowest, use.highest) == (3, RAM + 7, RAM + 0x102)


def test_what_was_there_before_is_no_change(bench: Bench) -> None:
    bench.machine.sysbus.write_bytes(RAM, b"before")
    watch = MemoryWatch(bench.machine)
    bench.machine.sysbus.write_bytes(RAM, b"before")
    assert all(each.changed == 0 for each in watch.use())
