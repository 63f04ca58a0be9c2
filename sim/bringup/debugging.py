"""A board of any kind as the debuggee of a session that goes backwards too; its UARTs on the terminal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from sim.boot import CAMERA, CAPTURED_COUNT
from sim.bringup.board import DEFAULT_BOARD, FirstBoot
from sim.bringup.image import read_image
from sim.bringup.snapshot import MachineSnapshot
from sim.bringup.transcript import Transcript
from sim.bringup.uarts import Uart
from sim.engine.machine import Machine
from sim.engine.observe.gdb.local import LocalDebuggee
from sim.engine.observe.past import Timeline
from sim.engine.observe.semihosting import FIRST_FILE, FileStore, Semihosting
from sim.engine.scripting.peripheral import PythonPeripheral
from sim.errors import CrosscamError
from sim.uart_ports import UartPort
from sim.watch.source import SourceLines
from sim.watch.warnings import WarningLog

_SEMIHOSTING = "semihosting"


class _Console:
    """The console of semihosting, which nobody types at."""

    def __init__(self) -> None:
        self.on_char: list[Callable[[int], None]] = []

    def write_char(self, byte: int) -> None:
        """Lost."""

    def show(self, data: bytes) -> None:
        """The firmware has written ``data``."""
        for byte in data:
            for listener in self.on_char:
                listener(byte)


class DebuggedBoard:
    """``board`` with ``firmware``, halted before its first instruction. Close it.

    Args:
        firmware: ELF or Intel HEX.
        board: see ``FirstBoot``; None: the bare STM32H743.
        timing: see ``FirstBoot``.
        frames: see ``FirstBoot``.
        files: the folder of semihosting; None: no files.
        ports: host ends, each with the name of its UART; an empty one stands for the first that speaks.
        write: shows what the UARTs say.
        warnings: whose lines come from the machine's process.

    Raises:
        CrosscamError: as ``FirstBoot``; no such folder or UART.
    """

    def __init__(
        self,
        firmware: Path,
        board: Path | None,
        timing: str,
        frames: Path | None,
        files: Path | None,
        ports: Sequence[tuple[str, UartPort]],
        write: Callable[[str], None],
        warnings: WarningLog,
    ) -> None:
        if files is not None and not files.is_dir():
            raise CrosscamError(f"--files {files}: no folder: expected one for the firmware's files")
        self._boot = boot = FirstBoot(firmware, read_image(firmware), board or DEFAULT_BOARD, timing, frames)
        machine, uarts = boot.machine, boot.uarts
        self._symbols = machine.symbols
        self.notes = list(boot.notes)
        if machine.attached is not None:
            machine.attached.close()
            self.notes.append("the script's StartGdbServer gives way to this server, which goes backwards too")
        self._tell = warnings.show
        debuggee = LocalDebuggee(machine, boot.monitor.execute)
        console = _Console()
        faults = machine.cpu.faults
        faults.semihosting = Semihosting(
            machine,
            console.show,
            debuggee.end,
            FileStore(files, FIRST_FILE, lambda: self._is_live()),
            faults.semihosting,
        )
        uarts.add(_SEMIHOSTING, console)
        self._ports = [(uarts.named(name) if name else None, port) for name, port in ports]
        self._first: Uart | None = None  # the first that has spoken
        self.timeline = Timeline(
            debuggee,
            {each.name: each.speaker for each in uarts.all},
            self._sent,
            self._log,
            _frame_counter(machine),
            self._typed,
            SourceLines(Path(machine.symbols.path)).at,
            lambda worker: setattr(warnings, "show", worker.log),
        )
        self._uarts = uarts
        self._transcript = Transcript(uarts, write)

    def restore(self, snapshot: MachineSnapshot) -> None:
        """Come to where ``snapshot`` was taken; what lies before can be gone back to.

        Raises:
            CrosscamError: the machine then holds something else.
        """
        self.timeline.recall(snapshot.typed)
        self.timeline.go_to_cycle(snapshot.cycle)
        if self.timeline.digest != snapshot.digest:
            raise CrosscamError(
                f"at cycle {snapshot.cycle:,} the board holds something else than in the snapshot: make it again"
            )

    def close(self) -> None:
        """End its processes."""
        self.timeline.close()
        self._transcript.close()
        self._boot.close()

    @property
    def where(self) -> str:
        """Where it stands, as function and offset."""
        return self._symbols.describe(self.timeline.place.pc)

    def _is_live(self) -> bool:
        return self.timeline.worker.is_live

    def _sent(self, name: str, data: bytes) -> None:
        uart = self._uarts.named(name)
        self._first = self._first or uart
        for byte in data:
            self._uarts.take(uart, byte)
            for owner, port in self._ports:
                if (owner or self._first) is uart:
                    port.send(byte)
        self._transcript.flush()

    def _log(self, text: str) -> None:
        self._transcript.break_line()
        self._tell(text)

    def _typed(self) -> tuple[str, bytes] | None:
        for owner, port in self._ports:
            uart = owner or self._first
            data = port.receive() if uart is not None else b""
            if uart is not None and data:
                return uart.name, data
        return None


def _frame_counter(machine: Machine) -> Callable[[], int]:
    """How many frames the board's camera has delivered; -1 where it has none that tells."""
    camera = machine.devices.get(CAMERA)
    if not isinstance(camera, PythonPeripheral):
        return lambda: -1
    found = camera
    return lambda: int(found.control_read(CAPTURED_COUNT, 0))
