"""Makes a fault set in at its moment."""

from __future__ import annotations

from collections.abc import Callable

from sim.engine.cortex_m.cpu import CortexM
from sim.errors import CrosscamError
from sim.faults import camera, clocks, core, dma, i2c, interrupts, memory, power, registers, uart
from sim.faults.board import FaultBoard
from sim.faults.kinds import KINDS, kind_of
from sim.faults.order import Moment, Order
from sim.text import number_of

__all__ = ["KINDS", "inject", "kind_of"]

FAMILIES = (camera, registers, interrupts, dma, i2c, clocks, memory, uart, core, power)
"""The modules whose functions are the kinds of faults."""
_CAPTURED, _BEGUN = 0x10, 0x19  # commands of a camera's script: photographs captured so far, frames begun
_LOOKS_A_SECOND = 2000  # at the camera, for a frame
_LONGEST_LINE = 4096


def inject(board: FaultBoard, order: Order) -> None:
    """Have ``order`` set in at its moment; nothing else of the board changes, and nothing costs before it.

    Raises:
        CrosscamError: no such kind, arguments it does not take, a device or symbol the board has not, a frame that has
            been captured already.
    """
    kind = kind_of(order.kind)
    arguments = kind.read_arguments(order.arguments)
    if order.moment.kind == "frame":
        _check_frame(board, order.moment)
    if kind.name.startswith("camera.") and order.moment.kind == "frame" and not order.moment.later:
        kind.act(board, first=order.moment.number, **arguments)  # its script counts the frames itself
        return
    _at(board, order.moment, lambda: kind.act(board, **arguments))


def _at(board: FaultBoard, moment: Moment, act: Callable[[], None]) -> None:
    clock = board.machine.clock

    def start_later() -> None:
        clock.schedule(clock.cycles(moment.later), act)

    action = start_later if moment.later else act
    if moment.kind == "boot":
        action()
    elif moment.kind == "cycle":
        clock.schedule_at(moment.number, action)
    elif moment.kind == "time":
        clock.schedule(max(0, clock.cycles(moment.seconds - clock.exact_seconds)), action)
    elif moment.kind == "frame":
        _at_frame(board, moment.number, action)
    elif moment.kind == "line":
        _at_line(board, moment.text, action)
    else:
        _at_call(board, moment, action)


def _check_frame(board: FaultBoard, moment: Moment) -> None:
    captured = board.script(board.camera).control_read(_CAPTURED, 0)
    if moment.number <= captured:
        raise CrosscamError(
            f"{moment.spelling}: the camera has delivered {number_of(captured, 'photograph')}: "
            f"expected frame:{captured + 1} or later"
        )


def _at_frame(board: FaultBoard, number: int, action: Callable[[], None]) -> None:
    """As a frame begins that is the ``number``-th photograph, if it is captured: all before it are."""
    script = board.script(board.camera)
    clock = board.machine.clock
    under_way = script.control_read(_BEGUN, 0)

    def look() -> None:
        if script.control_read(_CAPTURED, 0) >= number - 1 and script.control_read(_BEGUN, 0) > under_way:
            action()
        else:
            clock.schedule(clock.frequency // _LOOKS_A_SECOND, look)

    look()


def _at_line(board: FaultBoard, text: str, action: Callable[[], None]) -> None:
    """Once the console has said a line that holds ``text``."""
    device = board.machine[board.uart]
    listeners: list[Callable[[int], None]] | None = getattr(device, "on_char", None)
    if listeners is None:
        raise CrosscamError(f"{board.uart} is no UART: expected the console's, for the moment line:TEXT")
    said = bytearray()
    wanted = text.encode()

    def hear(byte: int) -> None:
        said.append(byte)
        if byte == 0x0A or len(said) > _LONGEST_LINE:
            if wanted in said and hear in listeners:
                listeners.remove(hear)
                board.machine.clock.schedule(0, action)
            said.clear()

    listeners.append(hear)


def _at_call(board: FaultBoard, moment: Moment, action: Callable[[], None]) -> None:
    """As the core is about to run the first instruction of a function."""
    cpu, address = board.machine.cpu, board.address(moment.text) & ~1
    left = moment.number

    def reached(core: CortexM, place: int) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            cpu.hooking.remove(address, reached)
            action()

    cpu.hooking.add(address, reached)
