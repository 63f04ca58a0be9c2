"""What the machine offers to the core's own parts, beyond what every device gets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from sim.engine.bus import Bus
from sim.engine.devices.base import Device
from sim.engine.native.engine import Engine
from sim.engine.timing.base import Timing
from sim.engine.timing.clock import Clock


class CoreServices(Protocol):
    """``Services`` with the concrete clock, bus and native engine, and what instructions cost."""

    @property
    def clock(self) -> Clock: ...

    @property
    def sysbus(self) -> Bus: ...

    @property
    def engine(self) -> Engine: ...

    @property
    def timing(self) -> Timing: ...

    single_step_blocking: bool
    on_device_access: Callable[[int, int, bool], None] | None

    def step(self, count: int = 1) -> None:
        """Let the core execute ``count`` instructions."""

    @property
    def stopping(self) -> bool:
        """The core is not to go on: a pause or a reset was asked for."""

    def device(self, path: str) -> Device: ...

    def request_reset(self, reason: str) -> None: ...
