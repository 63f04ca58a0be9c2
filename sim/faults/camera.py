"""Faults of a camera. Its own script plays them (sim/peripherals/ov7670_faults.py); here they have names.

One command of the script begins one, so Renode can, too: ``sysbus.ov7670 ControlRead 0x20 VALUE``.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from sim.errors import CrosscamError
from sim.faults.kinds import KINDS, Kind

if TYPE_CHECKING:  # suites on Renode name faults without an engine
    from sim.faults.board import FaultBoard

BEGIN_FAULT = 0x20
"""Command of the camera's script."""
_COM3, _COM7, _SWAP, _RGB = 0x0C, 0x12, 0x40, 0x04
_ALWAYS, _ONCE = 0, 1
_TABLE: tuple[tuple[str, int, str, int, int, str], ...] = (
    # name, number in the script, what its argument is called, its default, frames hit, what happens
    ("absent", 1, "", 0, _ALWAYS, "Nobody answers at the camera's address"),
    ("nack", 2, "at", 1, _ALWAYS, "The camera refuses the at-th byte of what is written to it, once"),
    ("wrong-pid", 3, "pid", 0x55, _ALWAYS, "Another camera: its product number reads pid"),
    ("register-stuck", 4, "register", _COM7, _ALWAYS, "A register does not take what is written to it"),
    ("register-flip", 5, "bits", _COM3 | _SWAP << 8, _ONCE, "Bits (bits >> 8) of register (bits & 255) turn over"),
    ("byte-order", 5, "bits", _COM3 | _SWAP << 8, _ONCE, "The camera swaps the bytes of a pixel"),
    ("format", 5, "bits", _COM7 | _RGB << 8, _ONCE, "The camera sends YUV in place of RGB"),
    ("brown-out", 6, "", 0, _ONCE, "The camera's supply dips: its registers are those after power-on"),
    ("no-vsync", 7, "", 0, _ALWAYS, "VSYNC does not move"),
    ("pclk-stops", 8, "line", 100, _ONCE, "The pixel clock stops in the middle of a frame"),
    ("short-line", 9, "line", 100, _ONCE, "A line ends eight bytes early"),
    ("long-line", 10, "line", 100, _ONCE, "A line ends eight bytes late"),
    ("lost-line", 11, "line", 100, _ONCE, "A line does not come"),
    ("extra-line", 12, "line", 100, _ONCE, "A line comes twice"),
    ("extra-frame", 13, "line", 100, _ONCE, "VSYNC pulses in the middle of a frame"),
    ("frozen", 14, "", 0, _ALWAYS, "The camera sends the same picture again and again"),
    ("black", 15, "", 0, _ALWAYS, "The picture is black"),
    ("saturated", 16, "", 0, _ALWAYS, "The picture is white"),
    ("noise", 17, "", 0, _ALWAYS, "The picture is noise"),
    ("slow", 18, "times", 4, _ALWAYS, "A frame takes so many times as long"),
)


def _value(number: int, argument: int, frames: int, first: int) -> int:
    if argument >= 1 << 16 or frames >= 1 << 20 or first >= 1 << 20:
        raise CrosscamError(
            f"fault of the camera: expected an argument below {1 << 16}, frames and frame below {1 << 20}"
        )
    return number | argument << 8 | first << 24 | frames << 44


def _begin(number: int, argument_name: str, default: int, often: int, board: FaultBoard, **arguments: int) -> None:
    board.script(board.camera).control_read(BEGIN_FAULT, _command(number, argument_name, default, often, **arguments))


def _command(number: int, argument_name: str, default: int, often: int, first: int = 0, **arguments: int) -> int:
    return _value(number, arguments.get(argument_name, default), arguments.get("frames", often), first)


def value_of(name: str, arguments: dict[str, int | str], first: int) -> int:
    """What ``BEGIN_FAULT`` is given for the fault ``name`` (``camera.nack``) from frame ``first`` on; 0: at once."""
    numbers = {key: int(value) for key, value in arguments.items()}
    for short, number, argument_name, default, often, _ in _TABLE:
        if name == f"camera.{short}":
            return _command(number, argument_name, default, often, first, **numbers)
    raise CrosscamError(f"{name} is no fault of the camera's script")


for _name, _number, _argument, _default, _often, _text in _TABLE:
    _parameters = ({_argument: _default} if _argument else {}) | {"frames": _often}
    KINDS[f"camera.{_name}"] = Kind(
        f"camera.{_name}", _text, partial(_begin, _number, _argument, _default, _often), _parameters
    )
