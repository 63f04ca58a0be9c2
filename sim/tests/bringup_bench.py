"""Boots a case of bringup_program on a small board of nobody's, and hands back what came of it."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from sim.bringup.board import FirstBoot
from sim.bringup.image import read_image
from sim.bringup.session import Faces, Goals, Outcome, Session
from sim.tests.firmware_bench import build

FOLDER = Path(__file__).parent / "bringup_program"
BOARD, DESCRIPTION = FOLDER / "board.resc", FOLDER / "board.repl"
STUCK_SECONDS, SECONDS = 0.1, Fraction(1, 2)


@dataclass
class Booted:
    """``said``: what each UART sent; ``told``: lines for the user."""

    outcome: Outcome
    session: Session
    said: dict[str, bytearray] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)

    @property
    def console(self) -> str:
        """What the first UART sent."""
        return self.said.get("console", bytearray()).decode("latin-1")


@functools.cache
def _folder() -> Path:
    import atexit
    import shutil
    import tempfile

    made = Path(tempfile.mkdtemp(prefix="bringup-"))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


@functools.cache
def program(case: str, *flags: str) -> Path:
    """The ELF of a case, built by gcc; skips the test where there is none."""
    elf = _folder() / f"{case}{''.join(flags)}.elf"
    return build("gcc", (str(FOLDER / "program.c"),), str(FOLDER / "program.ld"), elf, (f"-DCASE={case}", *flags))


def boot(case: str, *flags: str, goals: Goals | None = None, board: Path = BOARD) -> Booted:
    """Boot ``case``; by default for half a second, giving up after a tenth."""
    elf = program(case, *flags)
    made = FirstBoot(elf, read_image(elf), board)
    said: dict[str, bytearray] = {}
    told: list[str] = []
    made.uarts.on_char.append(lambda uart, byte: said.setdefault(uart.name, bytearray()).append(byte))
    goals = goals or Goals(seconds=SECONDS, stuck_seconds=STUCK_SECONDS)
    session = Session(made, goals, Faces(tell=told.append))
    return Booted(session.run(), session, said, told)
