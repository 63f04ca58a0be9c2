"""UARTs on one terminal: lines as they end, a prompt once it stands, names in front as soon as two have spoken."""

from __future__ import annotations

from collections.abc import Callable

from sim.bringup.uarts import Uart, Uarts
from sim.console import Line
from sim.text import printable


class Transcript:
    """Writes to ``write`` what the UARTs say, made fit to be shown. ``flush`` it when nothing has come for a while."""

    def __init__(self, uarts: Uarts, write: Callable[[str], None]) -> None:
        self._write = write
        self._speakers: list[Uart] = []
        self._open: Uart | None = None  # whose unfinished line stands on the terminal
        self._shown = ""
        uarts.on_char.append(self._spoke)
        uarts.on_line.append(self._line)

    def note(self, text: str) -> None:
        """A line of another kind."""
        self.break_line()
        self._write(f"{printable(text)}\n")

    def break_line(self) -> None:
        """An unfinished line stays as it is, and what comes next stands on its own."""
        if self._open is not None:
            self._write("\n")
            self._open, self._shown = None, ""

    def flush(self) -> None:
        """Show unfinished lines (prompts)."""
        for uart in self._speakers:
            pending = printable(uart.assembler.pending)
            if not pending or (uart is self._open and pending == self._shown):
                continue
            if uart is self._open and pending.startswith(self._shown):
                self._write(pending[len(self._shown) :])
            else:
                self.break_line()
                self._write(self._prefix(uart) + pending)
            self._open, self._shown = uart, pending

    def close(self) -> None:
        """The end: what has not ended is shown, with an end."""
        self.flush()
        self.break_line()

    def _spoke(self, uart: Uart, byte: int) -> None:
        if uart not in self._speakers:
            self._speakers.append(uart)

    def _line(self, uart: Uart, line: Line) -> None:
        text = printable(line.text)
        if uart is self._open and text.startswith(self._shown):
            self._write(text[len(self._shown) :] + "\n")
        else:
            self.break_line()
            self._write(f"{self._prefix(uart)}{text}\n")
        self._open, self._shown = None, ""

    def _prefix(self, uart: Uart) -> str:
        return f"{uart.name}| " if len(self._speakers) > 1 else ""
