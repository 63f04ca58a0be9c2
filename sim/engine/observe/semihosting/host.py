"""The calls of semihosting, by the numbers of Arm's specification (chapter 6)."""

from __future__ import annotations

import logging
from collections.abc import Callable

from sim.engine.cortex_m.faults import SemihostingHost
from sim.engine.machine import Machine
from sim.engine.observe.semihosting.files import EACCES, EBADF, EINVAL, FileStore, RefusedError

LOG = logging.getLogger("sim.semihosting")
FIRST_FILE = 4
"""The first handle of a file: 1 to 3 are the console's, as opened by the names below; 0 is nobody's."""
_CONSOLE = ":tt"
_STANDARD = range(FIRST_FILE)
_FAILED = 0xFFFFFFFF
_LONGEST = 1 << 20
"""Bytes of one call."""
_LONGEST_NAME = 4096
_APPLICATION_EXIT = 0x20026


class Semihosting:
    """Serves ``machine``.

    Args:
        show: gets what goes to the console.
        ended: gets the status the program exits with.
        files: what it may open.
        inner: a console of the board's own (``UART.SemihostingUart``), which then gets the console's calls.
    """

    def __init__(
        self,
        machine: Machine,
        show: Callable[[bytes], None],
        ended: Callable[[int], None],
        files: FileStore,
        inner: SemihostingHost | None = None,
    ) -> None:
        self._machine, self._show, self._ended, self._files, self._inner = machine, show, ended, files, inner
        self._error = 0
        self._calls: dict[int, Callable[[int], int]] = {
            0x01: self._open,
            0x02: self._close,
            0x03: lambda at: self._to_console(self._bytes(at, 1)),
            0x04: lambda at: self._to_console(self._text(at, _LONGEST)),
            0x05: self._write,
            0x06: self._read,
            0x07: lambda at: 0,
            0x08: lambda at: int(self._words(at, 1)[0] > 0x7FFFFFFF),
            0x09: lambda at: int(self._words(at, 1)[0] in _STANDARD),
            0x0A: self._seek,
            0x0C: lambda at: self._files.size(self._words(at, 1)[0]),
            0x10: lambda at: int(100 * machine.clock.exact_seconds),
            0x11: lambda at: int(machine.clock.exact_seconds),  # of board time: the same in every run
            0x13: lambda at: self._error,
            0x15: self._command_line,
            0x16: self._heap,
            0x18: lambda at: self._exit(at, 0),
            0x20: lambda at: self._exit(*self._words(at, 2)),
            0x30: self._elapsed,
            0x31: lambda at: machine.clock.frequency,
        }

    def semihosting_call(self, operation: int, parameter: int) -> int:
        """R0 and R1 as the firmware left them; what R0 becomes."""
        if self._inner is not None and self._is_console(operation, parameter):
            return self._inner.semihosting_call(operation, parameter)
        call = self._calls.get(operation)
        if call is None:
            LOG.warning("semihosting call 0x%X is not served", operation)
            self._error = EINVAL
            return _FAILED
        try:
            return call(parameter) & 0xFFFFFFFF
        except RefusedError as error:
            self._error = error.number
            return _FAILED

    def _is_console(self, operation: int, parameter: int) -> bool:
        return operation in (3, 4, 7) or (operation == 5 and self._words(parameter, 1)[0] in _STANDARD)

    # The firmware's memory

    def _bytes(self, address: int, count: int) -> bytes:
        return self._machine.sysbus.read_bytes(address, min(count, _LONGEST))

    def _words(self, address: int, count: int) -> list[int]:
        data = self._bytes(address, 4 * count)
        return [int.from_bytes(data[4 * index : 4 * index + 4], "little") for index in range(count)]

    def _text(self, address: int, longest: int) -> bytes:
        found = bytearray()
        while len(found) < longest and (byte := self._bytes(address + len(found), 1)[0]):
            found.append(byte)
        return bytes(found)

    def _put(self, address: int, data: bytes) -> None:
        if self._machine.sysbus.memory_at(address, len(data)) is None:
            raise RefusedError(EINVAL)
        self._machine.sysbus.write_bytes(address, data, heard=True)

    # Calls

    def _to_console(self, data: bytes) -> int:
        self._show(data)
        return 0

    def _open(self, at: int) -> int:
        name_at, mode, length = self._words(at, 3)
        name = self._bytes(name_at, min(length, _LONGEST_NAME)).decode("utf-8", "surrogateescape")
        if name == _CONSOLE:
            return 1 + mode // 4  # r: input, w: output, a: errors
        try:
            return self._files.open(name, mode)
        except RefusedError as error:
            if error.number == EACCES:
                LOG.warning("semihosting: %s is not opened: expected a name below the folder of --files", ascii(name))
            raise

    def _close(self, at: int) -> int:
        handle = self._words(at, 1)[0]
        if handle not in _STANDARD:
            self._files.close(handle)
        return 0

    def _write(self, at: int) -> int:
        handle, data_at, length = self._words(at, 3)
        data = self._bytes(data_at, length)
        if handle in _STANDARD:
            self._show(data)
        else:
            self._files.write(handle, data)
        return length - len(data)

    def _read(self, at: int) -> int:
        handle, data_at, length = self._words(at, 3)
        if handle in _STANDARD:
            return length  # nobody types: the end of the file
        data = self._files.read(handle, min(length, _LONGEST))
        if data:
            self._put(data_at, data)
        return length - len(data)

    def _seek(self, at: int) -> int:
        handle, place = self._words(at, 2)
        if handle in _STANDARD:
            raise RefusedError(EBADF)
        self._files.seek(handle, place)
        return 0

    def _command_line(self, at: int) -> int:
        buffer, length = self._words(at, 2)
        if length < 1:
            raise RefusedError(EINVAL)
        self._put(buffer, b"\0")
        self._put(at + 4, bytes(4))
        return 0

    def _heap(self, at: int) -> int:
        """Four zeros: the program's own places for heap and stack."""
        self._put(self._words(at, 1)[0], bytes(16))
        return 0

    def _elapsed(self, at: int) -> int:
        self._put(at, self._machine.clock.now.to_bytes(8, "little"))
        return 0

    def _exit(self, reason: int, status: int) -> int:
        self._files.close_all()
        self._ended(status if reason == _APPLICATION_EXIT else 1)
        return 0
