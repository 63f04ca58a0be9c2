"""A console behind ``BKPT 0xAB`` (Arm's semihosting specification), registered at the core as in Renode."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from sim.engine.devices.base import Device, Services
from sim.engine.members import Byte

_SYS_WRITEC, _SYS_WRITE0, _SYS_WRITE, _SYS_READC = 0x03, 0x04, 0x05, 0x07
_STANDARD_STREAMS = (0, 1, 2)
_LONGEST = 1 << 16
_TYPED = 1 << 16


class SemihostingUart(Device):
    """``on_char`` gets each byte that the firmware writes; what is typed waits for SYS_READC, which never blocks.

    SYS_WRITE to the standard streams is served too, which Renode's leaves out; any other call gives 0 with a message at
    debug level, as there.
    """

    RENODE_TYPES = ("UART.SemihostingUart",)
    RENODE_MEMBERS = ("WriteChar",)

    def __init__(self, services: Services, name: str) -> None:
        super().__init__(services, name)
        self.on_char: list[Callable[[int], None]] = []
        self._typed: deque[int] = deque(maxlen=_TYPED)

    def reset(self) -> None:
        self._typed.clear()

    def write_char(self, byte: Byte) -> None:
        """Typed."""
        self._typed.append(byte)

    def semihosting_call(self, operation: int, parameter: int) -> int:
        """What the core finds in R0 after the breakpoint; ``operation`` was there before, ``parameter`` in R1."""
        bus = self.services.sysbus
        if operation == _SYS_WRITEC:
            self._send(bus.read_bytes(parameter, 1))
        elif operation == _SYS_WRITE0:
            self._send(self._text(parameter))
        elif operation == _SYS_WRITE:
            stream, address, length = (bus.read(parameter + offset, 4) for offset in (0, 4, 8))
            if stream not in _STANDARD_STREAMS:
                return length  # so many bytes were not written
            self._send(bus.read_bytes(address, min(length, _LONGEST)))
        elif operation == _SYS_READC:
            return self._typed.popleft() if self._typed else 0
        else:
            self.log.debug("semihosting call 0x%X is not served", operation)
        return 0

    def _text(self, address: int) -> bytes:
        found = bytearray()
        while len(found) < _LONGEST and (byte := self.services.sysbus.read(address + len(found), 1)):
            found.append(byte)
        return bytes(found)

    def _send(self, data: bytes) -> None:
        for byte in data:
            for listener in tuple(self.on_char):
                listener(byte)
