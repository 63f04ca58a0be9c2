"""Faults of memory: bits that turn over, words that cannot be corrected, a stack that grows too far."""

from __future__ import annotations

from sim.engine.cortex_m import exceptions, scb
from sim.engine.cortex_m.core_hooks import READ
from sim.engine.cortex_m.cpu import CortexM
from sim.errors import CrosscamError, shown
from sim.faults.board import FaultBoard
from sim.faults.kinds import fault

_ALL_WIDTHS = 1 | 2 | 4 | 8


def _in_memory(board: FaultBoard, place: str) -> int:
    address = board.address(place)
    if board.machine.sysbus.memory_at(address) is None:
        raise CrosscamError(f"{shown(place, 60)} is 0x{address:08X}, where no memory is")
    return address


@fault("memory.flip")
def flip(board: FaultBoard, at: str, bit: int = 0) -> None:
    """A bit of memory turns over.

    ``at``: an address, a symbol of the firmware or ``sp``, and +OFFSET; the bit may be beyond the first byte.
    """
    address = _in_memory(board, at) + bit // 8
    bus = board.machine.sysbus
    bus.write_bytes(address, bytes([bus.read_bytes(address, 1)[0] ^ 1 << bit % 8]))


@fault("memory.ecc")
def ecc(board: FaultBoard, at: str) -> None:
    """Two bits of a word turn over, which the ECC of flash only notices: reading it is a bus fault."""
    cpu, address = board.machine.cpu, _in_memory(board, at)

    def refuse(core: CortexM, place: int, width: int, value: int) -> None:
        cpu.hooking.unwatch(address, refuse)
        board.machine.clock.schedule(0, lambda: core.faults.fault(exceptions.BUS_FAULT, scb.PRECISERR, place))

    cpu.hooking.watch(address, _ALL_WIDTHS, READ, refuse)


@fault("memory.stack-overflow")
def stack_overflow(board: FaultBoard, to: str = "stack_bottom+8") -> None:
    """The stack is used up: the stack pointer is where its room ends."""
    board.machine.cpu.sp = board.address(to) & ~7
