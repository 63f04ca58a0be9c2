"""Members of every memory: filling it, loading files into it."""

from __future__ import annotations

from sim.engine.bus import MappedMemory
from sim.engine.members import Byte
from sim.engine.monitor.faces.device import Offset
from sim.engine.monitor.session import ObjectSession
from sim.errors import CrosscamError


class MemoryFace:
    """What memories have besides."""

    RENODE_MEMBERS = ("ZeroAll", "ZeroRange", "SetRange", "WriteString", "LoadBinary")

    def __init__(self, monitor: ObjectSession, device: MappedMemory) -> None:
        self._monitor, self._memory = monitor, device

    def zero_all(self) -> None:
        """Every byte 0."""
        self._fill(0, self._memory.size, 0)

    def zero_range(self, range_start: Offset, range_length: Offset) -> None:
        """``range_length`` bytes from ``range_start`` 0."""
        self._fill(range_start, range_length, 0)

    def set_range(self, range_start: Offset, range_length: Offset, value: Byte) -> None:
        """``range_length`` bytes from ``range_start`` are ``value``."""
        self._fill(range_start, range_length, value)

    def write_string(self, offset: Offset, value: str) -> None:
        """The text and a zero byte."""
        data = value.encode("utf-8", "replace") + b"\0"
        self._check(offset, len(data))
        self._put(offset, data)

    def load_binary(self, file_name: str, load_point: Offset) -> None:
        """A file's bytes from offset ``load_point`` on."""
        data = self._monitor.read_binary(file_name)
        self._check(load_point, len(data))
        self._put(load_point, data)

    def _check(self, offset: int, count: int) -> None:
        if offset < 0 or count < 0 or offset + count > self._memory.size:
            raise CrosscamError(
                f"{self._memory.name}: {count} bytes at offset 0x{offset:X}: expected them inside its"
                f" 0x{self._memory.size:X} bytes"
            )

    def _fill(self, offset: int, count: int, value: int) -> None:
        self._check(offset, count)
        self._memory.array[offset : offset + count] = value
        self._monitor.machine.engine.forget_all_code()

    def _put(self, offset: int, data: bytes) -> None:
        self._memory.view[offset : offset + len(data)] = data
        self._monitor.machine.engine.forget_all_code()
