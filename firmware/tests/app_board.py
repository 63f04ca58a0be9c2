"""The application of the firmware on the host as a board that runs by itself, with a wire that may lose and garble.

The C code runs in a thread of its own; when it sleeps it takes what was typed. Both ends share a clock that moves only
when the board sleeps and the host waits with nothing on the wire: how busy the machine is changes no wait.
"""

from __future__ import annotations

import ctypes
import queue
import threading
import time
from collections.abc import Callable

from app_host import DATA_END, FRAME_END, FakeHal

SLEEP_SECONDS = 0.04
"""Of the shared clock, one sleep of an idle board."""
STUCK_SECONDS = 60.0
"""Of the machine's own clock: a board that neither sleeps nor sends for so long has hung."""
PIECE_BYTES = 256
"""Typed at once; outwards the wire carries whole lines. What it does to one does not hang on when it is read."""
Wire = Callable[[bytes], bytes]


class HostBoard(threading.Thread):
    """A board and the link to it (``sim.link.links.Link``). ``outward``, ``inward``: what becomes of a piece of what
    the board, or the host, sends; ``picture``: what its camera sees."""

    name = "the board on the host"

    def __init__(self, library: ctypes.CDLL, sensor: Callable[[int, bytes | int], tuple[int, bytes]]) -> None:
        super().__init__(daemon=True)
        self.library = library
        self.hal = FakeHal(library)
        self.hal.bus = sensor
        self.outward: Wire = bytes
        self.inward: Wire = bytes
        self.picture = bytes(320 * 240 * 2)
        self.bauds: list[int] = []
        self._typed: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._taken = 0
        self._over = False
        self.hal.sleep = self._sleep
        self._now = 0.0
        self._host_waits = False
        self.hal.clock = lambda: int(self._now * 1000) & 0xFFFFFFFF
        library.console_init()
        library.vision_init()

    def run(self) -> None:
        while not self._over:
            self.library.commands_step()
            self._capture()
            self.library.vision_step()
            self._sleep()

    def _capture(self) -> None:
        started = next((call for call in reversed(self.hal.calls) if call[0] == "start"), None)
        if started is not None and not self.hal.events:
            ctypes.memmove(int(str(started[1])), self.picture, len(self.picture))
            self.hal.events = FRAME_END | DATA_END

    def _sleep(self) -> None:
        try:
            data = self._typed.get(timeout=0.002)
        except queue.Empty:
            if self._host_waits and self._whole_lines() == self._taken:
                self._now += SLEEP_SECONDS
            return
        for byte in data:
            self.library.console_isr_received(byte)

    # The host's end

    @property
    def seconds(self) -> float:
        return self._now

    def read(self, seconds: float) -> bytes:
        end, stuck = self._now + seconds, time.monotonic() + STUCK_SECONDS
        self._host_waits = True
        while (whole := self._whole_lines()) == self._taken and self._now < end:
            assert time.monotonic() < stuck, "the board's thread hangs"
            time.sleep(0.0005)
        self._host_waits = False
        data = bytes(self.hal.sent[self._taken : whole])
        self._taken = whole
        return b"".join(self.outward(line) for line in data.splitlines(keepends=True))

    def write(self, data: bytes) -> None:
        for start in range(0, len(data), PIECE_BYTES):
            self._typed.put(self.inward(data[start : start + PIECE_BYTES]))

    def _whole_lines(self) -> int:
        """Bytes that were sent up to the end of the last whole line."""
        return max(self._taken, self.hal.sent.rfind(b"\n") + 1)

    def set_baud(self, baud: int) -> None:
        self.bauds.append(baud)

    def close(self) -> None:
        self._over = True
        self.join(5)
