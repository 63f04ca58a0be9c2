"""Cycles by function, cause and instruction."""

from __future__ import annotations

import itertools
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path

import pytest

from sim.console import Line
from sim.cycles import CAUSES, PredictionWindows, annotate, collect, find, svg, timing_of
from sim.engine.machine import Machine
from sim.engine.monitor import Monitor
from sim.errors import CrosscamError
from sim.mlperf import boot
from sim.tests.firmware_bench import ROOT, build, raw_image
from sim.tests.test_timing_machine import M7Bench
from sim.tests.thumb import NE, WFI, Program, adds, ldr, mov32, movs, store, subs


@pytest.fixture(scope="module")
def elf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cycles")
    return build("gcc", ("bench/dialogue/dialogue.c",), "bench/dialogue/dialogue.ld", folder / "dialogue.elf")


@pytest.fixture(scope="module")
def machine(elf: Path) -> Machine:
    image = raw_image(elf, elf.with_suffix(".bin"), 0x08000000)
    dialogue = boot(image, "cortex-m7")
    dialogue.load(bytes(200))
    machine = dialogue.machine
    timing_of(machine).reset_costs()
    machine.symbols = type(machine.symbols).read(elf)
    dialogue.infer(3, 0)
    return machine


def test_the_network_is_found_and_its_causes_add_up(machine: Machine) -> None:
    functions = collect(machine)
    assert functions[0].total >= functions[1].total
    network = find(functions, "infer")
    assert network.runs == 3
    assert network.total == sum(network.cycles.values()) > 3 * 50 * 200
    assert network.instructions >= 3 * 50 * 200 * 4
    # Caches are off: the code stall is the flash's.
    assert network.cycles["code_stall"] > network.cycles["issue"] / 2
    assert {function.name for function in functions} >= {"infer", "reset_handler", "usart1_handler"}


def test_the_instructions_of_a_function_add_up_to_it(machine: Machine) -> None:
    network = find(collect(machine), "infer")
    lines = annotate(machine, network)
    assert sum(line.cycles for line in lines) == pytest.approx(network.total)
    loop = [line for line in lines if line.runs >= 3 * 50 * 199]
    assert any(line.text.startswith("ldrb") for line in loop)
    assert all(line.address < later.address for line, later in itertools.pairwise(lines))
    assert any("I-miss" in line.stall for line in loop)


def test_a_function_that_did_not_run_is_an_error_with_near_names(machine: Machine) -> None:
    functions = collect(machine)
    with pytest.raises(CrosscamError, match=r"function INFER did not run .* did you mean infer"):
        find(functions, "INFER")
    with pytest.raises(CrosscamError, match="the dearest is"):
        find(functions, "nothing")


def test_without_symbols_code_is_cut_at_gaps(elf: Path) -> None:
    dialogue = boot(raw_image(elf, elf.with_suffix(".raw"), 0x08000000), "cortex-m7")
    functions = collect(dialogue.machine)
    assert all(re.fullmatch("0x0800[0-9A-F]{4}", function.name) for function in functions)


def test_the_drawing_is_well_formed_and_shows_every_cause_that_counts(machine: Machine) -> None:
    functions = collect(machine)
    drawing = svg(functions, "a <title> & more", 3)
    root = ElementTree.fromstring(drawing)
    titles = [title.text or "" for title in root.iter("{http://www.w3.org/2000/svg}title")]
    shown = functions[:3]
    assert len(titles) == sum(1 for function in shown for cause in CAUSES if function.cycles[cause] > 0)
    assert f"issue: {shown[0].cycles['issue']:,}" in titles
    assert drawing == svg(functions, "a <title> & more", 3)


def test_the_instruction_clock_keeps_no_account(elf: Path) -> None:
    monitor = Monitor()
    monitor.variables["bin"] = str(elf)
    monitor.include(ROOT / "sim" / "board" / "stm32h743.resc")
    with pytest.raises(CrosscamError, match="expected --timing cortex-m7"):
        collect(monitor.machine)


class _OneLine:
    """What PredictionWindows wants of a board: its machine, and somebody to hear of lines."""

    def __init__(self, bench: M7Bench) -> None:
        self.machine = bench.machine
        self.on_line: list[Callable[[Line], None]] = []


def test_a_frame_is_what_lies_between_the_reads_its_line_tells_of() -> None:
    """A program reads CYCCNT, works, reads it again; a prediction line says the difference."""
    program = Program(base=0x08000000).label("start").emit(mov32(6, 0xE0001000), mov32(1, 0x20000100), movs(0, 50))
    program.emit(ldr(4, 6, 4)).label("loop").emit(ldr(3, 1), adds(3, 1), store(3, 1), subs(0, 1)).branch("loop", NE)
    program.emit(ldr(5, 6, 4), adds(3, 1), WFI)
    bench = M7Bench(program)
    board = _OneLine(bench)
    measured = PredictionWindows(board)  # type: ignore[arg-type]
    sysbus = bench.machine.sysbus
    sysbus.write(0xE000EDFC, 4, 1 << 24)
    sysbus.write(0xE0001FB0, 4, 0xC5ACCE55)
    sysbus.write(0xE0001000, 4, 1)
    bench.run_to_sleep()
    registers = bench.cpu.registers
    spent = registers["r5"] - registers["r4"]
    assert spent > 100
    text = f"car:   +1, neg:   +2, person:   +3 | Duration: 0 ms | Cycles: {spent} | Frame: 1"
    board.on_line[0](Line(text, bench.machine.clock.now))
    (window,) = measured.windows
    assert measured.exact and window.cycles == spent
    functions = collect(bench.machine, measured.windows)
    assert sum(function.total for function in functions) == spent
    board.on_line[0](Line(text.replace(str(spent), "12345678"), bench.machine.clock.now))
    assert not measured.exact  # no two reads are that far apart
