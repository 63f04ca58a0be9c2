"""Members of every UART: lines, files, hooks."""

from __future__ import annotations

import enum
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

from sim.engine.devices.base import Device
from sim.engine.members import Between
from sim.engine.monitor.session import ObjectSession
from sim.engine.monitor.uart_files import UartFile, UartRecording
from sim.engine.observe.scripts import device_script
from sim.errors import CrosscamError, shown

Columns = Annotated[int, Between(1, 1000)]
"""Characters across a terminal, or lines of it."""
LineEnding = enum.Enum("LineEnding", [("None", ""), ("CR", "\r"), ("CRLF", "\r\n"), ("LF", "\n")])
"""What ``WriteLine`` ends a line with, by Renode's names."""


class UartFace:
    """What a UART has besides: lines, files, hooks."""

    RENODE_MEMBERS = ("AddLineHook", "CreateFileBackend", "CloseFileBackend", "RecordToAsciinema", "WriteLine")

    def __init__(self, monitor: ObjectSession, device: Device) -> None:
        self._monitor, self._device = monitor, device
        self._listeners: list[Callable[[int], object]] = device.on_char  # type: ignore[attr-defined]  # is_uart looked

    def add_line_hook(self, contains: str, python_script: str) -> None:
        """Run ``python_script`` at each line sent that contains a text; it sees ``line`` and ``uart``."""
        run = device_script(
            self._monitor.machine, self._device, python_script, f"{self._device.name} AddLineHook", "uart"
        )
        line = bytearray()

        def sent(byte: int) -> None:
            if byte not in (10, 13):
                line.append(byte)
                return
            text = line.decode("latin-1")
            line.clear()
            if contains in text:
                run(line=text)

        self._listeners.append(sent)

    def create_file_backend(self, path: str, immediate_flush: bool = False) -> None:
        """Write every byte sent into ``path``; one that exists is left alone, the new file gets a number."""
        file = self._free(path)
        self._monitor.uart_files[str(file)] = UartFile(file, self._listeners, immediate_flush)

    def record_to_asciinema(
        self, file_path: str, use_virtual_time_stamps: bool = False, width: Columns = 80, height: Columns = 24
    ) -> None:
        """Write what is sent and when into ``file_path``, as asciinema plays it; times are virtual in either case."""
        file, machine = self._free(file_path), self._monitor.machine
        self._monitor.uart_files[str(file)] = UartRecording(
            file,
            self._listeners,
            lambda: float(machine.clock.exact_seconds),
            {"width": width, "height": height, "name": self._device.name},
        )

    def _free(self, path: str) -> Path:
        file = self._monitor.output_path(path)
        if str(file) in self._monitor.uart_files:
            raise CrosscamError(f"{shown(path)} is written by a UART already: expected `CloseFileBackend` before")
        return file

    def close_file_backend(self, path: str) -> None:
        """Stop writing ``path``."""
        file = self._monitor.uart_files.pop(str(self._monitor.output_path(path)), None)
        if file is None:
            raise CrosscamError(f"no UART writes {shown(path)}: expected the path given to `CreateFileBackend`")
        file.close()

    def write_line(self, text: str, line_ending: bool | LineEnding = LineEnding.CR) -> None:
        """Type ``text`` and a line end; ``true`` is a carriage return, ``false`` none."""
        ending = ("\r" if line_ending else "") if isinstance(line_ending, bool) else line_ending.value
        for byte in (text + ending).encode("utf-8", "replace"):
            self._device.write_char(byte)  # type: ignore[attr-defined]


def is_uart(device: Device) -> bool:
    """It sends characters that can be listened to, and takes some."""
    return hasattr(device, "on_char") and hasattr(device, "write_char")
