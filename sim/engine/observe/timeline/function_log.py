"""When what runs has changed: the recorder's log of call-tree nodes, kept in native code and emptied now and then."""

from __future__ import annotations

import ctypes

import numpy as np
from numpy.typing import NDArray

from sim.engine.native import block_record as native
from sim.engine.observe.record.contexts import Contexts
from sim.engine.observe.record.recorder import BlockRecorder

ROOM = 1 << 14
MOST = 1 << 22
"""Changes that are kept; what comes later is left out."""
_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64, ctypes.c_int64, ctypes.c_int64)
_NODE = (1 << 32) - 1


class FunctionLog:
    """Logs from now on what ``recorder`` sees run. ``on_full``: called whenever native code has filled its room."""

    def __init__(self, recorder: BlockRecorder, contexts: Contexts) -> None:
        self._recorder, self._contexts = recorder, contexts
        self._slots = recorder.slots
        self._room: NDArray[np.int64] = np.zeros((ROOM, 2), np.int64)
        self._parts: list[NDArray[np.int64]] = []
        self._kept = 0
        self.is_complete = True
        self._full = _CALLBACK(self._is_full)
        for slot, value in (
            (native.LOG, self._room.ctypes.data),
            (native.LOG_COUNT, 0),
            (native.LOG_ROOM, ROOM),
            (native.FN_LOG, ctypes.cast(self._full, ctypes.c_void_p).value or 0),
        ):
            self._slots[slot] = int(value)
        self._note(contexts.now)
        contexts.on_change.append(self._note)

    def close(self) -> None:
        """Log nothing any more."""
        self._slots[native.LOG] = 0
        self._contexts.on_change.remove(self._note)

    def _note(self, cycle: int) -> None:
        """What runs has changed without a block."""
        if self._slots[native.LOG_COUNT] == ROOM:
            self._empty()
        frame = self._recorder.frames[self._slots[native.DEPTH] - 1]
        running = frame[native.FRAME_NODE] | frame[native.FRAME_SECTION] << 32
        self._room[self._slots[native.LOG_COUNT]] = cycle, running
        self._slots[native.LOG_COUNT] += 1

    def _is_full(self, a: int, b: int, c: int) -> int:
        self._empty()
        return 0

    def _empty(self) -> None:
        count = self._slots[native.LOG_COUNT]
        self._slots[native.LOG_COUNT] = 0
        if self._kept + count > MOST:
            self.is_complete = False
            return
        self._parts.append(self._room[:count].copy())
        self._kept += count

    def changes(self) -> NDArray[np.int64]:
        """(cycle, node, section) of each change so far, by time."""
        self._empty()
        whole = np.concatenate(self._parts) if self._parts else np.zeros((0, 2), np.int64)
        return np.stack((whole[:, 0], whole[:, 1] & _NODE, whole[:, 1] >> 32), axis=1)
