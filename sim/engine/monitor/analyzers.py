"""``showAnalyzer``: in Renode a window or a log of what a device shows; here the log, and the windows' names.

Whoever runs the machine shows the output of its UARTs; a window has nothing to do then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sim.engine.devices.base import Device
from sim.engine.devices.graphics.stm32_ltdc import Stm32Ltdc
from sim.engine.monitor.faces.uart import is_uart
from sim.engine.platform.lenient import Unmodelled
from sim.engine.platform.registry import near_names
from sim.engine.scripting.timeinterval import TimeInterval
from sim.engine.wording import no_analyzer
from sim.errors import CrosscamError, shown

if TYPE_CHECKING:
    from sim.engine.machine import Machine

_WINDOWS = ("ConsoleWindowBackendAnalyzer", "SocketUartAnalyzer", "WebSocketUartAnalyzer")
_LOGGING = "LoggingUartAnalyzer"
_VIDEO = ("VideoAnalyzer", "DummyVideoAnalyzer")


def show(machine: Machine, device: Device, analyzer: str | None) -> None:
    """Begin what ``analyzer`` does (None: the usual one).

    Raises:
        CrosscamError: the device shows nothing, or there is no such analyzer.
    """
    if isinstance(device, Unmodelled):
        return
    if is_uart(device):
        names = [*_WINDOWS, _LOGGING]
    elif isinstance(device, Stm32Ltdc):
        names = [*_VIDEO]
    else:
        kind = type(device).__name__
        text = f"showAnalyzer: {device.name} ({kind}) shows nothing: expected a UART or a display controller"
        raise CrosscamError(text, renode=no_analyzer(f"No backend found for {kind}", device.RENODE_TYPES))
    if analyzer is None:
        return
    short = analyzer.rpartition(".")[2]
    if short not in names:
        near = near_names(short, names) or f"expected one of {', '.join(names)}"
        text = f"showAnalyzer: no analyzer {shown(analyzer)} for {device.name}: {near}"
        raise CrosscamError(text, renode=no_analyzer(f"{analyzer}: analyzer not found.", device.RENODE_TYPES))
    if short == _LOGGING:
        uart: Any = device
        uart.on_char.append(_LineLog(machine, device))


class _LineLog:
    """An entry for each line a UART sends, with virtual time since the start and since the line before."""

    def __init__(self, machine: Machine, device: Device) -> None:
        self._machine, self._device = machine, device
        self._line = bytearray()
        self._before = self._now()

    def _now(self) -> TimeInterval:
        return TimeInterval.from_seconds(self._machine.clock.exact_seconds)

    def __call__(self, byte: int) -> None:
        if byte != 0x0A:
            if byte >= 0x20 and byte != 0x7F:
                self._line.append(byte)
            return
        now = self._now()
        text = self._line.decode("utf-8", "backslashreplace")
        since = (now - self._before).TotalSeconds
        self._device.log.info("[virt: %.7gs (+%.3gs)] %s", now.TotalSeconds, since, text)
        self._line.clear()
        self._before = now
