"""``load``: vFlashErase, vFlashWrite and vFlashDone (GDB manual E.2)."""

from __future__ import annotations

from collections.abc import Sequence

from sim.engine.observe.gdb.debuggee import Area, Debuggee
from sim.engine.observe.gdb.wire import BAD, FAILED, OK, number

_ERASED = b"\xff"


class FlashWriter:
    """Writes what a client loads into the flash of ``areas``. Nothing waits for ``vFlashDone``: it is memory."""

    def __init__(self, debuggee: Debuggee, areas: Sequence[Area]) -> None:
        self._debuggee = debuggee
        self._flash = [each for each in areas if each.kind == "flash"]

    def answer(self, rest: bytes) -> bytes:
        """The answer to a packet whose name begins with v; empty: it is none of these."""
        if rest.startswith(b"FlashErase:"):
            start, _, length = rest.removeprefix(b"FlashErase:").partition(b",")
            return self._write(number(start), number(length), None)
        if rest.startswith(b"FlashWrite:"):
            start, _, data = rest.removeprefix(b"FlashWrite:").partition(b":")
            return self._write(number(start), len(data), data)
        return OK if rest == b"FlashDone" else b""

    def _write(self, start: int, length: int, data: bytes | None) -> bytes:
        """``data``; None: erase."""
        if not length:
            return BAD
        if not any(each.start <= start and start + length <= each.end for each in self._flash):
            return b"E.memtype" if data is not None else FAILED
        return OK if self._debuggee.write_memory(start, _ERASED * length if data is None else data) else FAILED
