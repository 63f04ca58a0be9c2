"""The moment at which a test failed as a snapshot, for `crosscam debug --snapshot`.

A snapshot is a recipe: firmware, board, frames, what was typed. A test that did something else to its board (a fault,
a command that writes) was somewhere no recipe leads to, and gets none.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from sim.bringup.snapshot import MachineSnapshot, Origin
from sim.bringup.snapshot_taker import Moment, SnapshotTaker
from sim.errors import CrosscamError
from sim.files_read import FilesRead

if TYPE_CHECKING:
    from sim.robot.session import Session

_HARMLESS = re.compile(
    r"\$\w+\s*=|emulation\s+(SetGlobalAdvanceImmediately|RunFor)\b|(start|pause|version)\s*$|\S+\s+ControlRead\b",
    re.ASCII,
)
"""Commands that say what a board is made of, let it run, or look at it."""
_CHANGES = ("inject_fault", "execute_python", "load")
"""Keywords that do to a board what no recipe says."""


def snapshot_of(session: Session, read: FilesRead) -> MachineSnapshot:
    """Where the session's machine stands; ``read`` has heard of its files.

    Raises:
        CrosscamError: there is no recipe for it; the text says what the test did.
    """
    scripts = [
        Path(str(step.positional[0]).removeprefix("@")) for step in session.steps if step.name == "execute_script"
    ]
    variables = session.monitor.variables
    if len(scripts) != 1 or "bin" not in variables or len(session.monitor.machine_names) != 1:
        raise CrosscamError("the test did not make one board with one script ($bin, $frames, Execute Script)")
    for step in session.steps:
        text = " ".join(map(str, step.positional))
        if step.name in _CHANGES or (step.name == "execute_command" and not _HARMLESS.match(text.strip())):
            raise CrosscamError(f"the test did what a boot does not: {step.name.replace('_', ' ').title()} {text[:60]}")
    if any(tester.typed_later for tester in session.terminals):
        raise CrosscamError("the test typed with delays between characters")
    frames = variables.get("frames")
    origin = Origin(
        Path(str(variables["bin"])),
        session.monitor.locate(str(scripts[0])),
        None if frames is None else Path(str(frames)),
        session.timing,
    )
    machine = session.machine
    taker = SnapshotTaker(machine, Moment(machine.clock.now, False), origin, lambda: 0, read)
    taker.look()
    taken = taker.result(Path("snapshot"))
    typed = sorted((each for tester in session.terminals for each in tester.typed), key=lambda each: each.place.cycle)
    # What else this process reads, such as suites, is no part of the board.
    files = {name: digest for name, digest in taken.files.items() if not Path(name).is_absolute()}
    return MachineSnapshot(origin, taken.cycle, taken.digest, files, tuple(typed))
