"""Source lines of code addresses, from an ELF's DWARF."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_PATIENCE = 5.0  # seconds of wall time a look-up may take where the ELF has no index of addresses


class SourceLines:
    """Line tables of one file, read as far as they are asked for. A file without any knows no line."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[int, str] = {}

    def at(self, address: int) -> str:
        """``main.c:12``; empty when unknown."""
        address &= ~1
        if address not in self._known:
            try:
                self._known[address] = self._look_up(address)
            except Exception:  # damaged debug information fails in many ways, and is no reason to end a run
                self._known[address] = ""
        return self._known[address]

    def _look_up(self, address: int) -> str:
        from elftools.elf.elffile import ELFFile

        with self._path.open("rb") as stream:
            elf = ELFFile(stream)
            if not elf.has_dwarf_info():
                return ""
            for program in _line_programs(elf.get_dwarf_info(), address):
                found = _line_in(program, address)
                if found:
                    return found
        return ""


def _line_programs(dwarf: Any, address: int) -> Iterator[Any]:
    """The line table that an index names, else one after the other."""
    index = dwarf.get_aranges()
    offset = index.cu_offset_at_addr(address) if index is not None else None
    if offset is not None:
        yield dwarf.line_program_for_CU(dwarf.get_CU_at(offset))
        return
    deadline = time.monotonic() + _PATIENCE
    for unit in dwarf.iter_CUs():
        if time.monotonic() > deadline:
            return
        program = dwarf.line_program_for_CU(unit)
        if program is not None:
            yield program


def _line_in(program: Any, address: int) -> str:
    before = None
    for entry in program.get_entries():
        state = entry.state
        if state is None:
            continue
        if before is not None and before.address <= address < state.address and not before.end_sequence:
            return _named(program, before)
        before = state
    return ""


def _named(program: Any, state: Any) -> str:
    """DWARF 5 counts files from 0, earlier versions from 1 (DWARF 5, 6.2.4)."""
    files = program["file_entry"]
    file = files[state.file if program["version"] >= 5 else state.file - 1]
    name = file.name.decode("utf-8", "replace") if isinstance(file.name, bytes) else str(file.name)
    return f"{Path(name).name}:{state.line}"
