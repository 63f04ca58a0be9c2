"""What a session saw, as JSON."""

from __future__ import annotations

from dataclasses import asdict

from sim.bringup.lamps import Lamps
from sim.bringup.session import Outcome, Session
from sim.text import printable
from sim.watch.warnings import WarningLog, findings

_LONGEST = 200  # characters of a line


def document(session: Session, outcome: Outcome, warnings: WarningLog, lamps: Lamps) -> dict[str, object]:
    """Everything in it is escaped text, numbers, lists and dictionaries of these. Times are board time in seconds."""
    machine, uarts = session.boot.machine, session.boot.uarts
    guard, stuck = session.guard, session.guard.stuck
    return {
        "outcome": outcome.reason.name.lower(),
        "status": outcome.reason.status,
        "text": outcome.text,
        "seconds": round(outcome.seconds, 9),
        "core_hertz": machine.clock.frequency,
        "uarts": {
            uart.name: {"characters": uart.count, "lines": uart.lines, "last_line": printable(uart.last, _LONGEST)}
            for uart in uarts.all
        },
        "leds": {name: asdict(lamp) for name, lamp in lamps.all.items()},
        "warnings": [
            {"source": printable(each.source), "text": printable(each.text, _LONGEST), "count": each.count}
            for each in warnings.messages(machine)
        ],
        "findings": findings(machine),
        "faults": {"count": guard.faults.count, "first": [asdict(fault) for fault in guard.faults.all]},
        "resets": {"count": guard.resets.count, "first": [asdict(reset) for reset in guard.resets.all]},
        "stuck": None if stuck is None else asdict(stuck) | {"end": stuck.end.value},
    }
