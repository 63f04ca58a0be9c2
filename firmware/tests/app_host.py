"""Firmware sources compiled for the host, and a fake chip below them.

``build`` makes a shared library of the named sources; ``FakeHal`` is the chip: it answers the functions of
drivers/hal.h from Python. The C side reaches it through a table of callbacks (``fake_hal.c``).
"""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import sys
from collections import deque
from collections.abc import Callable
from pathlib import Path

FIRMWARE = Path(__file__).parents[1]


def host_compiler() -> list[str]:
    """The host's ``cc``, else zig's."""
    return [compiler] if (compiler := shutil.which("cc")) else [sys.executable, "-m", "ziglang", "cc"]


def build(folder: Path, sources: list[str], *options: str) -> ctypes.CDLL:
    """Compile ``sources`` (relative to firmware/, or absolute) into ``folder`` and load them."""
    library = folder / "under_test.so"
    command = [*host_compiler(), "-std=c11", "-O1", "-g", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared"]
    command += [f"-I{FIRMWARE}", *options, "-o", str(library), *(str(FIRMWARE / source) for source in sources)]
    subprocess.run(command, check=True)
    return ctypes.CDLL(str(library))


BUS_OK, BUS_NO_ANSWER, BUS_STUCK = range(3)
FRAME_END, DATA_END, OVERRUN, BUS_ERROR, STORM = 1, 2, 4, 8, 16

_CALLBACKS: dict[str, type[ctypes._CFuncPtr]] = {
    "millis": ctypes.CFUNCTYPE(ctypes.c_uint32),
    "cycles": ctypes.CFUNCTYPE(ctypes.c_uint32),
    "delay_ms": ctypes.CFUNCTYPE(None, ctypes.c_uint32),
    "bus_write": ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_uint8, ctypes.POINTER(ctypes.c_uint8), ctypes.c_size_t),
    "bus_read": ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_uint8, ctypes.POINTER(ctypes.c_uint8), ctypes.c_size_t),
    "camera_reset": ctypes.CFUNCTYPE(None, ctypes.c_bool),
    "camera_power_down": ctypes.CFUNCTYPE(None, ctypes.c_bool),
    "capture_start": ctypes.CFUNCTYPE(ctypes.c_bool, ctypes.c_void_p, ctypes.c_uint32),
    "capture_events": ctypes.CFUNCTYPE(ctypes.c_uint32),
    "capture_excess": ctypes.CFUNCTYPE(ctypes.c_bool),
    "capture_missing": ctypes.CFUNCTYPE(ctypes.c_uint32),
    "capture_abort": ctypes.CFUNCTYPE(None),
    "cache_invalidate": ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_size_t),
    "cache_clean": ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_size_t),
    "display_open": ctypes.CFUNCTYPE(None),
    "display_reset": ctypes.CFUNCTYPE(None, ctypes.c_bool),
    "display_write": ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.POINTER(ctypes.c_uint8), ctypes.c_size_t),
    "display_send": ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_uint32),
    "display_busy": ctypes.CFUNCTYPE(ctypes.c_bool),
    "uart_kick": ctypes.CFUNCTYPE(None),
    "sleep": ctypes.CFUNCTYPE(None),
    "uart_baud": ctypes.CFUNCTYPE(None, ctypes.c_uint32),
}


class _Table(ctypes.Structure):
    _fields_ = tuple(_CALLBACKS.items())


class FakeHal:
    """The chip as the drivers see it. Calls are noted in ``calls``; a look at the cycle counter takes 1000 cycles."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self.library = library
        self.calls: list[tuple[object, ...]] = []
        self.now = 0
        self.tick_per_question = 0
        """Milliseconds that pass with every look at the clock."""
        self.bus: Callable[[int, bytes | int], tuple[int, bytes]] = lambda address, data: (BUS_NO_ANSWER, b"")
        """What the bus does: (address, bytes to write or number to read) -> (status, bytes read)."""
        self.start_works = True
        self.events = 0
        self.missing = 0
        self.excess = False
        self.display_busy = False
        self.transmitter_works = True
        self.sleep: Callable[[], object] = lambda: None
        self.clock: Callable[[], int] | None = None
        """The time in milliseconds, instead of ``now``."""
        self.sent = bytearray()
        self._table = _Table(**{name: kind(getattr(self, f"_{name}")) for name, kind in _CALLBACKS.items()})
        library.fake_hal_install(ctypes.byref(self._table))

    def _millis(self) -> int:
        if self.clock is not None:
            return self.clock()
        self.now += self.tick_per_question
        return self.now

    def _cycles(self) -> int:
        self.calls.append(("cycles",))
        return 1000 * self.names().count("cycles")

    def _delay_ms(self, ms: int) -> None:
        self.calls.append(("delay", ms))
        self.now += ms

    def _bus_write(self, address: int, data: ctypes._Pointer[ctypes.c_uint8], size: int) -> int:
        content = bytes(data[:size])
        self.calls.append(("write", address, content))
        return self.bus(address, content)[0]

    def _bus_read(self, address: int, data: ctypes._Pointer[ctypes.c_uint8], size: int) -> int:
        self.calls.append(("read", address, size))
        status, content = self.bus(address, size)
        for index, byte in enumerate(content):
            data[index] = byte
        return status

    def _camera_reset(self, asserted: bool) -> None:
        self.calls.append(("reset", asserted))

    def _camera_power_down(self, asserted: bool) -> None:
        self.calls.append(("power_down", asserted))

    def _capture_start(self, buffer: int, size: int) -> bool:
        self.calls.append(("start", buffer, size))
        self.events = 0
        return self.start_works

    def _capture_events(self) -> int:
        return self.events

    def _capture_excess(self) -> bool:
        return self.excess

    def _capture_missing(self) -> int:
        return self.missing

    def _capture_abort(self) -> None:
        self.calls.append(("abort",))
        self.events = 0

    def _cache_invalidate(self, address: int, size: int) -> None:
        self.calls.append(("invalidate", address, size))

    def _cache_clean(self, address: int, size: int) -> None:
        self.calls.append(("clean", address, size))

    def _display_open(self) -> None:
        self.calls.append(("open",))
        self.display_busy = False

    def _display_reset(self, asserted: bool) -> None:
        self.calls.append(("display_reset", asserted))

    def _display_write(self, kind: int, data: ctypes._Pointer[ctypes.c_uint8], size: int) -> None:
        self.calls.append(("data" if kind else "command", bytes(data[:size])))

    def _display_send(self, data: int, count: int) -> None:
        self.calls.append(("send", data, count))
        self.display_busy = True

    def _display_busy(self) -> bool:
        return self.display_busy

    def _uart_kick(self) -> None:
        """The transmitter's interrupt, all of it at once."""
        while self.transmitter_works and (byte := self.library.console_isr_next()) >= 0:
            self.sent.append(byte)

    def _sleep(self) -> None:
        self.sleep()

    def _uart_baud(self, baud: int) -> None:
        self.calls.append(("baud", baud))

    def names(self) -> deque[str]:
        """The names of the calls so far, in order."""
        return deque(str(call[0]) for call in self.calls)
