"""Faults that are ordered from the page: what there is to choose from, and one at the next frame."""

from __future__ import annotations

from typing import Any

from sim.engine.machine import Machine
from sim.errors import CrosscamError
from sim.faults.board import FaultBoard
from sim.faults.injector import KINDS, inject
from sim.faults.order import Order
from sim.text import printable

LONGEST = 200


def kinds_told() -> dict[str, Any]:
    """All kinds for the page: name, what happens, what each takes, with defaults; those without one must be given."""
    kinds = [
        {
            "name": kind.name,
            "text": kind.text,
            "takes": [name if given is None else f"{name}={given}" for name, given in kind.parameters.items()],
            "needs": [name for name, given in kind.parameters.items() if given is None],
        }
        for kind in KINDS.values()
    ]
    return {"type": "faults", "kinds": kinds}


def inject_next(machine: Machine, spelling: object, next_frame: int) -> str:
    """Have the fault ``spelling`` set in with photograph number ``next_frame``, unless it names another moment.

    Returns:
        What is to come, in words.

    Raises:
        CrosscamError: no such fault, or what it takes is wrong.
    """
    if not isinstance(spelling, str) or len(spelling) > LONGEST:
        raise CrosscamError(f"expected a fault of at most {LONGEST} characters, such as camera.nack,at=2")
    order = Order.parse(spelling if "@" in spelling else f"{spelling}@frame:{next_frame}")
    inject(FaultBoard(machine), order)
    return printable(f"{spelling.partition('@')[0]} at {order.moment.spelling}", LONGEST)
