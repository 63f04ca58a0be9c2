"""Who records what runs by the clock: told of blocks, of runs of native loops, and of reads of the cycle counter.

A recorder misses nothing where turns of a waiting loop pass at once, so it is none of the observers that forbid it.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Protocol

from sim.engine.native.loops.host import LoopCounter
from sim.engine.native.shared import FN_LOOP_RAN, FN_MARK, LOOP_LISTENER

_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64, ctypes.c_int64, ctypes.c_int64)
CounterListener = Callable[[int, int, int], None]
"""Called with the cycle, the cycles its block is charged with that lie behind, and the instruction."""


class Host(Protocol):
    """What recorders ask of the engine."""

    state: memoryview[int]
    loop_counter: LoopCounter | None

    def add_recording_hooks(self, block: int, edge: int, user: int) -> list[int]:
        """Call ``block`` before each block, behind the clock's, and ``edge`` when one is translated; their handles."""

    def remove_hook(self, handle: int) -> None:
        """Take back a hook."""

    def drop_loops(self) -> None:
        """Forget what was compiled."""


class Recorders:
    """The recorders of one engine."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._hooks: dict[int, list[int]] = {}  # a recorder's user data -> its hooks
        self._counting = 0  # the user data of the one whose counter native loops serve
        self._listeners: list[CounterListener] = []

    @property
    def allow_loops(self) -> bool:
        """Nobody would miss the blocks that native loops run."""
        return all(user == self._counting for user in self._hooks)

    def add(self, block: int, edge: int, loop: int, user: int, counter: LoopCounter) -> None:
        """Call native hooks, ``user`` their last argument, before each block and when one is translated.

        Native loops count their blocks for ``counter``, and ``loop(address, bytes, start, user)`` is called behind each
        run of one, with its first block and the cycle that began. With a second recorder loops do not run natively.
        """
        host = self._host
        self._hooks[user] = host.add_recording_hooks(block, edge, user)
        if host.loop_counter is None:
            self._serve(counter, loop, user)

    def remove(self, user: int) -> None:
        """Take the hooks of a recorder back."""
        for handle in self._hooks.pop(user, []):
            self._host.remove_hook(handle)
        if user == self._counting:
            self._serve(None, 0, 0)

    def _serve(self, counter: LoopCounter | None, loop: int, user: int) -> None:
        host = self._host
        self._counting, host.loop_counter = user, counter
        host.state[FN_LOOP_RAN], host.state[LOOP_LISTENER] = loop, user
        host.drop_loops()  # what was compiled does not count, or not for this one

    def on_counter_read(self, heard: CounterListener) -> None:
        """Call ``heard`` whenever the core reads CYCCNT."""
        if not self._listeners:

            def read(cycle: int, ahead: int, pc: int) -> int:
                for listener in self._listeners:
                    listener(cycle, ahead, pc)
                return 0

            self._read = _CALLBACK(read)
            self._host.state[FN_MARK] = ctypes.cast(self._read, ctypes.c_void_p).value or 0
        self._listeners.append(heard)
