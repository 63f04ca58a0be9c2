"""Boards and small programs for tests of board truth."""

from __future__ import annotations

from pathlib import Path

from sim.engine.machine import Machine
from sim.engine.monitor import Monitor
from sim.engine.truth import BoardTruth
from sim.engine.truth.watch import WatchedMemory
from sim.tests.thumb import Program, ldr, mov32, store
from sim.text import monitor_path

BOARD = Path(__file__).parents[1] / "board"
AXI, SRAM1 = 0x24000000, 0x30000000
CCR = 0xE000ED14
DCIMVAC, DCCMVAC = 0xE000EF5C, 0xE000EF68
DATA_CACHE = 1 << 16


def board(program: Program | None = None, name: str = "stm32h743", timing: str = "instructions") -> Monitor:
    """One of the shipped chips, with a program in flash."""
    monitor = Monitor(timing=timing)
    monitor.execute('mach create "test"')
    monitor.execute(f"machine LoadPlatformDescription {monitor_path(BOARD / f'{name}.repl')}")
    if program is not None:
        monitor.machine.sysbus.write_bytes(program.base, program.build())
        monitor.machine.cpu.vector_table_offset = program.base
    return monitor


def cached_program(stack: int = 0x20010000) -> Program:
    """Begins by switching the data cache on; what is emitted next is watched."""
    program = Program(stack=stack).label("start")
    program.emit(mov32(0, CCR), ldr(1, 0), mov32(2, DATA_CACHE), 0x4311, store(1, 0), 0xF3BF, 0x8F6F).branch("cached")
    return program.label("cached")


def truth_of(machine: Machine) -> BoardTruth:
    truth = BoardTruth.of(machine)
    assert truth is not None
    return truth


def tracked(machine: Machine, address: int = AXI) -> WatchedMemory:
    """What is kept of the memory at ``address``."""
    memory = truth_of(machine)._cached.find(address)
    assert memory is not None
    return memory
