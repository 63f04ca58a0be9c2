"""The network on bare Unicorn, on the engine, and on the engine with native loops: processor time, in turns.

    python -m scripts.bench_network --elf build/gcc/crosscam.elf

Bare Unicorn runs the firmware's ``inference_run`` over the same memories without any hook, so no block hook can make
the engine faster than that; native loops (docs/architecture.md) can.
"""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from statistics import median
from typing import Any

import unicorn
from elftools.elf.elffile import ELFFile
from unicorn import arm_const, unicorn_const

from scripts.console import one_line_errors
from sim.boot import Board
from sim.errors import CrosscamError

ROUNDS = 5
STACK_ROOM = 2048
RETURN_TO = 0x38000100  # SRAM4: nothing runs there
PRIVATE_BUS, PRIVATE_BUS_SIZE = 0xE0000000, 0x100000
_SELF_TEST = re.compile(r"self-test: ok .* (\d+) cycles")


def board_at_rest(elf: Path, native_loops: bool) -> Board:
    """A booted board whose console has nothing to do."""
    board = Board(elf, timing="instructions")
    board.machine.engine.set_native_loops(native_loops)
    board.run_until(lambda: any("self-test:" in line.text for line in board.lines), 5.0)
    board.type_text("x\r")
    board.run_for(Fraction(1, 2))
    return board


def self_test(board: Board) -> tuple[float, int]:
    """Processor seconds of a self-test, and its instructions."""
    seen = len(board.lines)
    board.type_text("s\r")
    start = time.process_time()
    board.run_for(Fraction(1, 5))
    elapsed = time.process_time() - start
    found = [match for line in board.lines[seen:] if (match := _SELF_TEST.match(line.text))]
    if not found:
        raise CrosscamError(
            "the self-test to be timed did not end: expected `self-test: ok` within 0.2 s of board time"
        )
    return elapsed, int(found[0][1])


def bare_run(board: Board, elf: Path) -> Callable[[], float]:
    """Processor seconds of ``inference_run(pattern)`` on Unicorn alone, over the memories of ``board``."""
    binding: Any = unicorn
    with elf.open("rb") as file:
        table: Any = ELFFile(file).get_section_by_name(".symtab")
        address = {name: table.get_symbol_by_name(name)[0]["st_value"] for name in ("inference_run", "pattern")}
    engine = binding.Uc(binding.UC_ARCH_ARM, binding.UC_MODE_THUMB, arm_const.UC_CPU_ARM_CORTEX_M7)
    for start, _, memory in board.machine.sysbus.memories:
        engine.mem_map_ptr(start, memory.mapped_size, unicorn_const.UC_PROT_ALL, memory.host_address)
    engine.mem_map(PRIVATE_BUS, PRIVATE_BUS_SIZE)  # DWT_CYCCNT reads 0
    stack = (board.machine.cpu.registers["sp"] - STACK_ROOM) & ~7

    def run() -> float:
        engine.reg_write(arm_const.UC_ARM_REG_SP, stack)
        engine.reg_write(arm_const.UC_ARM_REG_R0, address["pattern"])
        engine.reg_write(arm_const.UC_ARM_REG_LR, RETURN_TO | 1)
        start = time.process_time()
        engine.emu_start(address["inference_run"] | 1, RETURN_TO)
        return time.process_time() - start

    return run


def measure(elf: Path, rounds: int = ROUNDS) -> dict[str, float]:
    """Million instructions a second: medians."""
    boards = {"engine, without native loops": board_at_rest(elf, False), "engine": board_at_rest(elf, True)}
    first = [self_test(board)[1] for board in boards.values()]  # translates and compiles
    instructions = first[0]
    bare = bare_run(board_at_rest(elf, False), elf)
    bare()  # translates
    seconds: dict[str, list[float]] = {"bare Unicorn": [], **{name: [] for name in boards}}
    for _ in range(rounds):
        seconds["bare Unicorn"].append(bare())
        for name, board in boards.items():
            seconds[name].append(self_test(board)[0])
    return {name: instructions / median(each) / 1e6 for name, each in seconds.items()}


def main() -> None:
    """Print the three rates."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--elf", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    arguments = parser.parse_args()
    rates = measure(arguments.elf, arguments.rounds)
    for name, rate in rates.items():
        print(f"{name:30} {rate:6.0f} million instructions/s   {rate / rates['bare Unicorn']:5.2f} of bare Unicorn")


if __name__ == "__main__":
    with one_line_errors():
        main()
