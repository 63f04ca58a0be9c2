"""Takes a snapshot of a machine on its way, from a copy of the process: the run itself goes on undisturbed."""

from __future__ import annotations

import multiprocessing
import re
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from sim.bringup.snapshot import MachineSnapshot, Origin, digests
from sim.engine.machine import Machine
from sim.engine.observe.gdb.local import LocalDebuggee
from sim.engine.observe.gdb.place import place_of
from sim.engine.observe.past.backwards import MARGIN
from sim.engine.observe.past.digest import digest
from sim.engine.observe.past.places import Typed
from sim.engine.observe.past.searching import Searcher
from sim.errors import CrosscamError
from sim.files_read import FilesRead

_SECONDS = 60.0
"""Wall time in which a copy has come to its moment: it has a hundredth of a second of board time to go."""
_AHEAD = 10_000_000
"""Core cycles from which on a copy goes to the moment: a board that is looked at every hundredth of a second makes no
more until the next look."""
_SPELLING = re.compile(r"(?P<frame>frame:)?(?P<number>[0-9]{1,18})", re.ASCII)


@dataclass(frozen=True)
class Moment:
    """A cycle, or with ``is_frame`` the number of frames captured."""

    number: int
    is_frame: bool

    @classmethod
    def parse(cls, text: str) -> Moment:
        """CYCLE or frame:N; else CrosscamError."""
        found = _SPELLING.fullmatch(text)
        if found is None or (found["frame"] and int(found["number"]) < 1):
            raise CrosscamError(
                f"--snapshot-at {text[:40]}: expected a cycle such as 12000000, or frame:N from frame:1"
            )
        return cls(int(found["number"]), found["frame"] is not None)


class SnapshotTaker:
    """Looks at ``machine`` whenever it stands, and takes one snapshot at ``moment``.

    Args:
        frames: counts the frames captured.
        read: hears of the files the machine is made of.
    """

    def __init__(
        self, machine: Machine, moment: Moment, origin: Origin, frames: Callable[[], int], read: FilesRead
    ) -> None:
        self._machine, self._moment, self._origin = machine, moment, origin
        self._frames, self._read = frames, read
        self._typed: list[Typed] = []
        self._taken: MachineSnapshot | None = None

    def typed(self, uart: str, data: bytes) -> None:
        """Somebody has typed this where the machine stands."""
        place = place_of(self._machine)
        self._typed.append(Typed(place, uart, data))
        if self._taken is not None and self._taken.cycle > place.cycle:  # the copy knew nothing of it
            self._taken = None
            self.look()

    def look(self) -> None:
        """The machine stands.

        Raises:
            CrosscamError: the copy has not come to the moment.
        """
        if self._taken is not None:
            return
        now, number = self._machine.clock.now, self._moment.number
        if self._moment.is_frame:
            if self._frames() >= number:
                self._take(now)
        elif number <= now + _AHEAD:
            self._take(number)

    def result(self, path: Path) -> MachineSnapshot:
        """What was taken for ``path``.

        Raises:
            CrosscamError: the run was over before the moment.
        """
        if self._taken is None:
            when = f"frame {self._moment.number}" if self._moment.is_frame else f"cycle {self._moment.number:,}"
            raise CrosscamError(f"no snapshot {path}: the run was over before {when}; expected an earlier moment")
        return self._taken

    def _take(self, cycle: int) -> None:
        context = multiprocessing.get_context("fork")
        receiver, sender = context.Pipe(duplex=False)
        copy = context.Process(target=_digest_at, args=(self._machine, cycle, sender), daemon=True)
        copy.start()
        sender.close()
        try:
            if not receiver.poll(_SECONDS):
                raise EOFError
            found: str = receiver.recv_bytes().decode()
        except EOFError:
            raise CrosscamError(f"no snapshot at cycle {cycle:,}: the copy of the board did not come there") from None
        finally:
            copy.kill()
            copy.join()
        files = digests(self._origin, self._read.paths)
        self._taken = MachineSnapshot(self._origin, cycle, found, files, tuple(self._typed))


def _digest_at(machine: Machine, cycle: int, sender: Connection) -> None:
    debuggee = LocalDebuggee(machine, str)
    searcher = Searcher(debuggee, lambda running: None, lambda: False)
    searcher.approach(cycle - MARGIN)
    searcher.walk_past(cycle)
    sender.send_bytes(digest(debuggee).encode())
