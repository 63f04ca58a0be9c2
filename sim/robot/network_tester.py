"""What Renode calls a network interface tester: frames an Ethernet controller puts on the wire, and frames for it."""

from __future__ import annotations

from collections import deque
from fractions import Fraction
from typing import TYPE_CHECKING

from sim.engine.devices.network.ethernet import EthernetController
from sim.errors import CrosscamError
from sim.robot.terminal_tester import Result
from sim.robot.waiting import run_until_seen

if TYPE_CHECKING:
    from sim.engine.machine import Machine

_HEX = frozenset("0123456789abcdefABCDEF")
_ANY = "_"


class NetworkTester:
    """Collects the frames of one controller.

    Args:
        machine: the machine that runs while waiting.
        interface: Renode path of the controller, for example ``sysbus.ethernet``.

    Raises:
        CrosscamError: no such device, or no Ethernet controller.
    """

    def __init__(self, machine: Machine, interface: str) -> None:
        device = machine[interface]
        if not isinstance(device, EthernetController):
            raise CrosscamError(f"{interface} is a {type(device).__name__}: expected an Ethernet controller")
        self.interface = device
        self._machine = machine
        self._frames: deque[Result] = deque()
        self._waiting = False
        device.frame_sent += self._note

    def _note(self, frame: bytes) -> None:
        milliseconds = float(1000 * self._machine.clock.exact_seconds)
        self._frames.append(Result(Bytes=frame, Timestamp=milliseconds))
        if self._waiting:
            self._machine.pause()

    def next_frame(self, timeout: float) -> Result | None:
        """Run until a frame is there; it is taken away. None when none came within ``timeout`` seconds."""
        self._waiting = True
        try:
            run_until_seen(self._machine, lambda: bool(self._frames), timeout)
        finally:
            self._waiting = False
        return self._frames.popleft() if self._frames else None

    def matching_frame(self, pattern: str, index: int, limit: int, timeout: float) -> Result | None:
        """The first of at most ``limit`` frames that has the bytes ``pattern`` at ``index``; those before are dropped.

        Args:
            pattern: hexadecimal digits; ``_`` stands for any digit.
            timeout: seconds of virtual time for all of them.

        Raises:
            CrosscamError: ``pattern`` is none.
        """
        if len(pattern) % 2 or not set(pattern) <= _HEX | {_ANY}:
            raise CrosscamError(f"{pattern}: expected pairs of hexadecimal digits, `_` for any digit")
        end = self._machine.clock.exact_seconds + Fraction(timeout).limit_denominator(10**9)
        for _ in range(limit):
            frame = self.next_frame(max(0.0, float(end - self._machine.clock.exact_seconds)))
            if frame is None:
                return None
            if _matches(pattern, frame["Bytes"][index : index + len(pattern) // 2].hex()):
                return frame
        return None


def _matches(pattern: str, found: str) -> bool:
    same = (wanted in (_ANY, digit) for wanted, digit in zip(pattern.lower(), found, strict=False))
    return len(found) == len(pattern) and all(same)
