"""Board truth's chip data: gates, and by which chip a board is judged."""

from __future__ import annotations

import itertools
import logging
from pathlib import Path

import pytest

from sim.engine.machine import Machine
from sim.engine.monitor import Monitor
from sim.engine.timing.chip import load_chip
from sim.engine.timing.clock_tree import board_hse
from sim.engine.truth import BoardTruth, Kind
from sim.engine.truth.chip_data import FOLDER, load, load_all
from sim.engine.truth.gates import ClockGates
from sim.engine.truth.identify import chip_names
from sim.errors import CrosscamError
from sim.tests.engine_bench import Bench
from sim.tests.truth_bench import board, truth_of
from sim.text import monitor_path

CORE = """
cpu: CPU.CortexM @ sysbus {{ cpuType: "{core}"; nvic: nvic }}
nvic: IRQControllers.NVIC @ sysbus 0xE000E000 {{ -> cpu@0 }}
flash: Memory.MappedMemory @ sysbus 0x08000000 {{ size: 0x100000 }}
"""
F7 = CORE.format(core="cortex-m7") + "rcc: Miscellaneous.STM32F4_RCC @ sysbus 0x40023800 { rtcPeripheral: rtc }\n"
F7 += "rtc: Timers.STM32F4_RTC @ sysbus 0x40002800\n"
F746_RAM = "sram: Memory.MappedMemory @ sysbus 0x20000000 { size: 0x50000 }\n"
H7 = CORE.format(core="cortex-m7") + "rcc: Miscellaneous.STM32H7_RCC @ sysbus 0x58024400\n"
H743_RAM = """
axi: Memory.MappedMemory @ sysbus 0x24000000 { size: 0x80000 }
sram4: Memory.MappedMemory @ sysbus 0x38000000 { size: 0x10000 }
"""
IDCODE = 'sysbus: {{ init: {{ Tag <0x5C001000, 0x5C001003> "DBGMCU_IDC" 0x{:08X} }} }}'


def load_board(folder: Path, text: str, file: str = "board.repl") -> Machine:
    (folder / file).write_text(text)
    monitor = Monitor()
    monitor.execute('mach create "test"')
    monitor.execute(f"machine LoadPlatformDescription {monitor_path(folder / file)}")
    return monitor.machine


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.toml")), ids=lambda path: path.stem)
def test_every_gate_of_a_chip_is_one_bit_and_one_address(path: Path) -> None:
    chip = load(path)
    assert len(chip.gates) > 40
    bits = [(gate.register, gate.bit) for gate in (*chip.gates.values(), *chip.memory_gates.values())]
    assert len(set(bits)) == len(bits)
    assert all(chip.rcc <= register < chip.rcc + chip.rcc_size and 0 <= bit < 32 for register, bit in bits)
    machine = board(name=path.stem).machine
    assert len({window.start for window in machine.sysbus.windows} & set(chip.gates)) > 20
    assert load_chip(chip.name).data_cache.ways == 4
    assert truth_of(machine).chip == chip.name


def test_names_and_memories_of_chips_do_not_overlap() -> None:
    chips = load_all()
    names = [name for chip in chips for name in chip.identity.names]
    assert len(set(names)) == len(names)
    for chip in chips:
        spans = sorted((memory.first, memory.end) for memory in chip.memories)
        assert all(end <= first for (_, end), (first, _) in itertools.pairwise(spans))


def test_a_broken_chip_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "odd.toml").write_text("[rcc]\nbase = 0\n")
    with pytest.raises(CrosscamError, match=r"odd\.toml: no usable chip data"):
        load(tmp_path / "odd.toml")


def test_a_gate_is_asked_again_only_after_the_rcc_was_written() -> None:
    chip = load(FOLDER / "stm32h743.toml")
    reads: list[int] = []
    registers = {0x580244D8: 0, 0x580244DC: 1 << 29}

    def read(address: int, width: int) -> int:
        reads.append(address)
        return registers[address]

    gates = ClockGates(chip, read)
    gate = gates.off(0x40020000)
    assert gate is not None and gate.name == "DMA1" and gate.register_name == "AHB1ENR"
    registers[0x580244D8] = 1
    assert gates.off(0x40020000) is None and gates.off(0x40020000) is None
    assert len(reads) == 2
    registers[0x580244D8] = 0
    gates.forget()
    assert gates.off(0x40020000) is not None
    assert gates.off(0x12345678) is None  # nobody's
    assert gates.memory_off(0x30000000) is None and gates.memory_off(0x24000000) is None
    closed = gates.memory_off(0x30020000)
    assert closed is not None and closed.name == "SRAM2"


@pytest.mark.parametrize(
    ("file", "names"),
    [
        ("/boards/stm32f746.repl", {"f746"}),
        ("nucleo_h743zi2.repl", {"h743"}),
        (r"C:\boards\F407.repl", {"f407"}),
        ("platforms/cpus/stm32h7.repl", set()),
        ("stm32f7_discovery-bb.repl", set()),
        ("crosscam.repl", set()),
        ("<platform description>", set()),
    ],
)
def test_names_of_chips_in_names_of_files(file: str, names: set[str]) -> None:
    assert chip_names([file]) == names


@pytest.mark.parametrize(
    ("text", "file", "chip"),
    [
        (F7 + F746_RAM, "board.repl", "stm32f746"),  # by its memories
        (F7 + F746_RAM, "stm32f756.repl", "stm32f746"),  # by name: the same die
        (F7 + F746_RAM, "stm32f767.repl", None),  # it says that it is another one
        (F7 + F746_RAM.replace("0x50000", "0x80000"), "board.repl", None),  # no F746 has these
        (F7 + F746_RAM.replace("0x50000", "0x80000"), "my_f746.repl", "stm32f746"),
        (F7.replace("cortex-m7", "cortex-m4f") + F746_RAM, "stm32f746.repl", None),
        (H7 + H743_RAM, "board.repl", "stm32h743"),
        (H7 + H743_RAM.replace("0x80000", "0x100000"), "board.repl", None),
        (H7 + H743_RAM + IDCODE.format(0x20036450), "h7a3.repl", "stm32h743"),
        (H7 + H743_RAM + IDCODE.format(0x20036483), "h743.repl", None),
        (CORE.format(core="cortex-m7") + H743_RAM, "stm32h743.repl", None),  # without an RCC nothing can be asked
    ],
)  # fmt: skip
def test_a_board_is_judged_by_the_chip_it_names(text: str, file: str, chip: str | None, tmp_path: Path) -> None:
    machine = load_board(tmp_path, text, file)
    truth = BoardTruth.of(machine)
    assert (None if truth is None else truth.chip) == chip


def test_a_file_that_is_used_names_the_chip_as_well(tmp_path: Path) -> None:
    (tmp_path / "stm32h753.repl").write_text(H7)
    machine = load_board(tmp_path, 'using "stm32h753.repl"\n')
    assert truth_of(machine).chip == "stm32h743"
    assert [Path(file).name for file in machine.board_files] == ["board.repl", "stm32h753.repl"]


def test_a_chip_without_data_is_said_once_and_not_judged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """An F407 has its RCC where an F746 has it; 168 MHz from a crystal of 8 MHz with 5 wait states are legal there."""
    text = F7.replace("cortex-m7", "cortex-m4f") + "sram: Memory.MappedMemory @ sysbus 0x20000000 { size: 0x20000 }\n"
    text += "flashController: MTD.STM32F4_FlashController @ sysbus 0x40023C00 { flash: flash }\n"
    text += "pwr: Miscellaneous.STM32_PWR @ sysbus 0x40007000\n"
    caplog.set_level(logging.INFO, "sim.truth")
    machine = load_board(tmp_path, text, "f407.repl")
    machine.run_for(1e-6)
    machine.run_for(1e-6)
    assert BoardTruth.of(machine) is None
    (record,) = [record for record in caplog.records if record.name == "sim.truth"]
    assert record.levelno == logging.INFO and "f407" in record.getMessage()


def test_a_chip_that_comes_with_a_second_file_is_not_said_to_be_unknown(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "sim.truth")
    (tmp_path / "core.repl").write_text(CORE.format(core="cortex-m7"))
    rest = H743_RAM + "rcc: Miscellaneous.STM32H7_RCC @ sysbus 0x58024400\n"
    (tmp_path / "rest.repl").write_text(rest)
    monitor = Monitor()
    monitor.execute('mach create "test"')
    monitor.execute(f"machine LoadPlatformDescription {monitor_path(tmp_path / 'core.repl')}")
    assert BoardTruth.of(monitor.machine) is None
    monitor.execute(f"machine LoadPlatformDescription {monitor_path(tmp_path / 'rest.repl')}")
    monitor.machine.run_for(1e-6)
    assert truth_of(monitor.machine).chip == "stm32h743" and not caplog.records


def test_a_board_without_a_core_has_no_truth() -> None:
    assert BoardTruth.of(Bench().machine) is None


# The crystal


def overclock(machine: Machine, hertz: int) -> None:
    """PLL1 at ``hertz`` from HSE / 1, x 100, / 2, with the reset value of the flash's wait states."""
    for address, value in (
        (0x58024400 + 0x28, 2 | 1 << 4),
        (0x58024400 + 0x30, 99 | 1 << 9),
        (0x58024400, 1 << 24 | 1 << 16 | 1),
        (0x58024400 + 0x10, 3),
    ):
        truth_of(machine)._flash.written(address)
        machine.sysbus.write(address, 4, value)
    assert hertz == BoardTruth.of(machine)._flash._tree.frequencies().core  # type: ignore[union-attr]
    machine.run_for(1e-7)


def test_the_crystal_is_the_boards_where_it_says_so(tmp_path: Path) -> None:
    text = H7.replace("0x58024400\n", "0x58024400 { hseFrequency: 25_000_000 }\n") + H743_RAM
    machine = load_board(tmp_path, text, "stm32h743.repl")
    data = load_chip("stm32h743").clocks
    assert data is not None and board_hse(machine.sysbus, data) == 25_000_000


def test_flash_is_judged_by_the_boards_crystal(caplog: pytest.LogCaptureFixture) -> None:
    machine = board().machine
    machine["sysbus.rcc"].hse_frequency = 25_000_000  # type: ignore[attr-defined]
    overclock(machine, 1_250_000_000)
    assert [finding.kind for finding in truth_of(machine).findings][-1] is Kind.FLASH_TOO_FAST
    assert "1250 MHz" in truth_of(machine).findings[-1].text


def test_no_crystal_is_guessed_to_blame_a_firmware(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "sim.truth")
    machine = board().machine
    if board_hse(machine.sysbus, load_chip("stm32h743").clocks):  # type: ignore[arg-type]
        machine["sysbus.rcc"].hse_frequency = 0  # type: ignore[attr-defined]
    overclock(machine, 400_000_000)
    before = len(truth_of(machine).findings)
    data = truth_of(machine)._flash._tree
    assert data is not None
    machine.sysbus.write(0x58024400 + 0x30, 4, 199)  # x 200, / 1: no H743 runs at 1600 MHz
    truth_of(machine)._flash.written(0x58024430)
    machine.run_for(1e-7)
    machine.run_for(1e-7)
    assert len(truth_of(machine).findings) == before
    assert [record.getMessage() for record in caplog.records if "does not say" in record.getMessage()]
