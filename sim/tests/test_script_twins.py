"""The native forms of RCC and PWR against the scripts they stand for: the same to firmware, and to hosts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sim
from sim.engine.bus import MappedMemory
from sim.engine.devices.base import Device, Services
from sim.engine.devices.clocks.stm32f7_rcc import Stm32F7Rcc
from sim.engine.devices.clocks.stm32h7_rcc import Stm32H7Rcc
from sim.engine.devices.script_twin import digest, find_twin
from sim.engine.devices.system.stm32h7_pwr import Stm32H7Pwr
from sim.engine.machine import Machine
from sim.engine.platform import load_repl_string
from sim.engine.scripting import PythonPeripheral
from sim.tests.fake_services import FakeServices
from sim.tests.test_scripting_peripheral import World

SCRIPTS = Path(sim.__file__).parent / "peripherals"
TWINS: dict[str, Callable[[Services, str], Device]] = {
    "stm32h7_rcc.py": Stm32H7Rcc,
    "stm32f7_rcc.py": Stm32F7Rcc,
    "stm32h7_pwr.py": Stm32H7Pwr,
}
CAUSES = ("power-on", "IWDG1: the counter reached 0", "AIRCR.SYSRESETREQ", "WWDG: too early", "reset button")


@pytest.mark.parametrize("name", TWINS)
def test_the_twin_stands_for_the_script_as_it_is(name: str) -> None:
    text = (SCRIPTS / name).read_text(encoding="utf-8")
    assert find_twin(SCRIPTS / name) is TWINS[name], f'the script has changed: @twin_of("{digest(text)}")'


def test_a_changed_script_and_no_file_have_no_twin(tmp_path: Path) -> None:
    copy = tmp_path / "copy.py"
    text = (SCRIPTS / "stm32h7_pwr.py").read_text(encoding="utf-8")
    copy.write_bytes(text.replace("\n", "\r\n").encode())
    assert find_twin(copy) is Stm32H7Pwr, "other line ends are the same script"
    copy.write_text(text + "# mine\n")
    assert find_twin(copy) is None and find_twin(tmp_path / "none.py") is None


class Counter(Device):
    """Counts its resets."""

    resets = 0

    def reset(self) -> None:
        self.resets += 1


class Bench:
    """One of the two forms, and something to reset at the first addresses of most buses."""

    ADDRESSES = (0x40000000, 0x40004800, 0x40010000, 0x40011000, 0x40020000, 0x58020000, 0x58000400, 0x52001000)

    def __init__(self, make: Callable[[FakeServices], Device], h7a3: bool) -> None:
        self.world = World()
        self.counters = [Counter(self.world, hex(address)) for address in self.ADDRESSES]
        for counter, address in zip(self.counters, self.ADDRESSES, strict=True):
            self.world.sysbus.windows.append((address, counter))
        if h7a3:
            self.world.sysbus.memories.append((0x24000000, MappedMemory(self.world, "sram", size=0x100000)))
        self.device = make(self.world)
        self.device.ensure_init()  # type: ignore[attr-defined]

    def do(self, step: tuple[str, int, int, int]) -> object:
        kind, offset, width, value = step
        if kind == "read":
            return self.device.read(offset, width)
        if kind == "write":
            self.device.write(offset, width, value & (1 << 8 * width) - 1)
        elif kind == "reset":
            self.world.last_reset = CAUSES[value % len(CAUSES)]
            self.device.reset()
        elif hasattr(self.device, "control_read"):
            return self.device.control_read(1 + value % 2, value >> 8)
        return [counter.resets for counter in self.counters]


def steps(registers: int) -> st.SearchStrategy[list[tuple[str, int, int, int]]]:
    offsets = st.integers(0, registers // 4 - 1).map(lambda index: 4 * index)
    widths = st.sampled_from([(0, 4), (0, 4), (0, 4), (0, 2), (2, 2), (0, 1), (1, 1), (2, 1), (3, 1)])
    values = st.integers(0, 0xFFFFFFFF) | st.integers(0, 31).map(lambda bit: 1 << bit)
    kinds = st.sampled_from(["read"] * 6 + ["write"] * 8 + ["reset", "control"])
    return st.lists(
        st.tuples(kinds, offsets, widths, values).map(
            lambda each: (each[0], each[1] + each[2][0], each[2][1], each[3])
        ),
        max_size=40,
    )


@pytest.mark.parametrize(
    ("name", "registers", "h7a3"),
    [
        ("stm32h7_rcc.py", 0x184, False),
        ("stm32f7_rcc.py", 0x98, False),
        ("stm32h7_pwr.py", 0x30, False),
        ("stm32h7_pwr.py", 0x30, True),
    ],
)
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_both_forms_do_the_same(name: str, registers: int, h7a3: bool, data: st.DataObject) -> None:
    script = Bench(
        lambda world: PythonPeripheral(world, "dev", size=0x400, initable=True, filename=SCRIPTS / name), h7a3
    )
    native = Bench(lambda world: TWINS[name](world, "dev"), h7a3)
    for step in data.draw(steps(registers)):
        if step[0] == "control" and name == "stm32h7_pwr.py":
            continue
        assert native.do(step) == script.do(step), step
    for offset in range(0, registers, 4):
        assert native.device.read(offset, 4) == script.device.read(offset, 4), hex(offset)


def test_a_board_that_names_the_script_gets_the_native_form() -> None:
    machine = Machine()
    load_repl_string(
        machine,
        f"""
rcc: Python.PythonPeripheral @ sysbus 0x58024400
    size: 0x200
    initable: true
    filename: "{SCRIPTS / "stm32h7_rcc.py"}"
""",
    )
    device = machine.device("rcc")
    assert isinstance(device, Stm32H7Rcc) and device.size == 0x200
    assert device.RENODE_TYPES == ("Python.PythonPeripheral",) and Stm32H7Rcc.RENODE_TYPES != device.RENODE_TYPES
