"""Members of every device: bus accesses to it, its log."""

from __future__ import annotations

from typing import Annotated

from sim.engine.devices.base import Device
from sim.engine.devices.i2c.i2c_controller import I2CTarget
from sim.engine.members import Between, Byte, UInt, ULong, UShort
from sim.engine.monitor.session import ObjectSession
from sim.engine.scripting.world import LogLevel
from sim.engine.wording import UNHANDLED_READ, UNHANDLED_WRITE

LARGEST_READ = 1 << 20
"""Bytes one command may read or print."""
Offset = Annotated[int, Between(-(1 << 63), (1 << 63) - 1)]
Count = Annotated[int, Between(0, LARGEST_READ)]


class DeviceFace:
    """Registers and memory of one device, by offset.

    Args:
        device: whatever the machine has; offsets it has no window for read 0, with a warning.
    """

    RENODE_MEMBERS = (
        "ReadByte", "ReadWord", "ReadDoubleWord", "ReadQuadWord",
        "WriteByte", "WriteWord", "WriteDoubleWord", "WriteQuadWord", "ReadBytes", "GetName", "ShowAnalyzer",
        "Log", "NoisyLog", "DebugLog", "InfoLog", "WarningLog", "ErrorLog",
    )  # fmt: skip

    def __init__(self, monitor: ObjectSession, device: Device) -> None:
        self._monitor, self._device = monitor, device

    def _covers(self, offset: int, width: int) -> bool:
        windows = self._monitor.machine.sysbus.windows
        own = 0 if isinstance(self._device, I2CTarget) else self._device.size  # its reads are transfers on that bus
        size = max([own, *(each.end - each.start for each in windows if each.device is self._device)])
        return 0 <= offset <= size - width

    def _read(self, offset: int, width: int) -> int:
        if not self._covers(offset, width):
            self._device.log.warning(UNHANDLED_READ, offset)
            return 0
        return self._device.read(offset, width) & ((1 << 8 * width) - 1)

    def _write(self, offset: int, width: int, value: int) -> None:
        if not self._covers(offset, width):
            self._device.log.warning(UNHANDLED_WRITE, offset, value)
            return
        self._device.write(offset, width, value)

    def read_byte(self, offset: Offset) -> Byte:
        """One byte."""
        return self._read(offset, 1)

    def read_word(self, offset: Offset) -> UShort:
        """Two bytes."""
        return self._read(offset, 2)

    def read_double_word(self, offset: Offset) -> UInt:
        """Four bytes."""
        return self._read(offset, 4)

    def read_quad_word(self, offset: Offset) -> ULong:
        """Eight bytes."""
        return self._read(offset, 8)

    def write_byte(self, offset: Offset, value: Byte) -> None:
        """One byte."""
        self._write(offset, 1, value)

    def write_word(self, offset: Offset, value: UShort) -> None:
        """Two bytes."""
        self._write(offset, 2, value)

    def write_double_word(self, offset: Offset, value: UInt) -> None:
        """Four bytes."""
        self._write(offset, 4, value)

    def write_quad_word(self, offset: Offset, value: ULong) -> None:
        """Eight bytes."""
        self._write(offset, 8, value)

    def read_bytes(self, offset: Offset, count: Count) -> list[int]:
        """``count`` bytes."""
        return [self._read(offset + index, 1) for index in range(count)]

    def get_name(self) -> str:
        """Where it is, as ``machine-0.usart3``."""
        return f"{self._monitor.machine.name}.{self._device.name}"

    def show_analyzer(self, analyzer_type_name: str | None = None, external_name: str | None = None) -> None:
        """As the command ``showAnalyzer``."""
        self._monitor.show_analyzer(self._device, analyzer_type_name)

    def log(self, type: LogLevel, message: str) -> None:
        """An entry in the device's name."""
        self._device.log.log(int(type), "%s", message)

    def noisy_log(self, message: str) -> None:
        """An entry of level noisy."""
        self.log(LogLevel.Noisy, message)

    def debug_log(self, message: str) -> None:
        """An entry of level debug."""
        self.log(LogLevel.Debug, message)

    def info_log(self, message: str) -> None:
        """An entry of level info."""
        self.log(LogLevel.Info, message)

    def warning_log(self, message: str) -> None:
        """An entry of level warning."""
        self.log(LogLevel.Warning, message)

    def error_log(self, message: str) -> None:
        """An entry of level error."""
        self.log(LogLevel.Error, message)
