"""The application of the firmware on the host as a board that runs by itself, with a wire that may lose and garble.

The C code runs in a thread of its own; when it sleeps it takes what was typed. Its clock runs ``PACE`` times as fast as
the host's, so that its waits, and those of the host's end, are short.
"""

from __future__ import annotations

import ctypes
import queue
import threading
import time
from collections.abc import Callable

from app_host import DATA_END, FRAME_END, FakeHal

PACE = 20
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
        self.hal.clock = lambda: int(time.monotonic() * 1000 * PACE) & 0xFFFFFFFF
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
            return
        for byte in data:
            self.library.console_isr_received(byte)

    # The host's end

    @property
    def seconds(self) -> float:
        return time.monotonic() * PACE

    def read(self, seconds: float) -> bytes:
        end = time.monotonic() + seconds / PACE
        while len(self.hal.sent) == self._taken and time.monotonic() < end:
            time.sleep(0.0005)
        data = bytes(self.hal.sent[self._taken :])
        self._taken += len(data)
        return self.outward(data) if data else b""

    def write(self, data: bytes) -> None:
        garbled = self.inward(data)
        for start in range(0, len(garbled), 256):
            self._typed.put(garbled[start : start + 256])

    def set_baud(self, baud: int) -> None:
        self.bauds.append(baud)

    def close(self) -> None:
        self._over = True
        self.join(5)
