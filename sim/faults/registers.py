"""Faults of any register of any device: bits that stick, a bus that answers with an error."""

from __future__ import annotations

from typing import Any

from sim.engine.cortex_m import exceptions, scb
from sim.engine.devices.base import Device
from sim.errors import CrosscamError
from sim.faults.board import FaultBoard, put_before
from sim.faults.kinds import fault


def hold_bits(board: FaultBoard, device: Device, offset: int, mask: int, value: int, ms: int = 0) -> None:
    """Reads of the word at ``offset`` of a device give ``value`` in the bits of ``mask``; for ``ms``, 0: for good."""

    def read(original: Any, at: int, width: int) -> int:
        answer = int(original(at, width))
        if not offset <= at < offset + 4:
            return answer
        shift = 8 * (at - offset)
        lane = (1 << 8 * width) - 1
        return answer & ~(mask >> shift & lane) | (value & mask) >> shift & lane

    board.later(ms, put_before(device, "read", read))


@fault("register.stuck")
def stuck(board: FaultBoard, device: str, offset: int = 0, mask: int = 0xFFFFFFFF, value: int = 0, ms: int = 0) -> None:
    """Bits of a register read the same whatever happens."""
    hold_bits(board, board.device(device, Device), offset, mask, value, ms)


@fault("register.bus-error")
def bus_error(board: FaultBoard, device: str, offset: int = 0, times: int = 1) -> None:
    """The bus answers an access of a register with an error: a bus fault."""
    target = board.device(device, Device)
    machine = board.machine
    window = next((each for each in machine.sysbus.windows if each.device is target), None)
    if window is None:
        raise CrosscamError(f"{device} has no registers: expected a device on the system bus")
    left = times

    def refuse(original: Any, at: int, *rest: int) -> int:
        nonlocal left
        if left and at & ~3 == offset & ~3:
            left -= 1
            address = window.start + at
            machine.clock.schedule(0, lambda: machine.cpu.faults.fault(exceptions.BUS_FAULT, scb.PRECISERR, address))
            return 0
        return int(original(at, *rest) or 0)

    put_before(target, "read", refuse)
    put_before(target, "write", refuse)
