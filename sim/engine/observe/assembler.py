"""Assembling and disassembling a few instructions, for ``cpu AssembleBlock`` and ``DisassembleBlock``.

Assembling uses the compilers the firmware is built with. The ``ziglang`` wheel comes first: it is LLVM, as is Renode's
assembler, so both read a number behind a branch as a distance. With arm-none-eabi-gcc it is an address. Keystone was
looked at: its only wheels are of 2020. Disassembling is Capstone's.
"""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import capstone  # type: ignore[import-untyped]

from sim.errors import CrosscamError

_LIMIT_SECONDS = 60
_HEX = re.compile(r"#(-?0x[0-9a-f]+)")
"""Immediates, which Renode shows in decimal; those of branches are addresses."""
_GCC = "arm-none-eabi-gcc"
_ZIG_NAMES = {"cortex-m0+": "cortex_m0plus", "cortex-m4f": "cortex_m4"}
_GCC_NAMES = {"cortex-m0+": "cortex-m0plus", "cortex-m4f": "cortex-m4"}


def assemble(address: int, code: str, cpu_type: str = "cortex-m7") -> bytes:
    """The bytes of Thumb ``code`` placed at ``address``; lines or semicolons separate instructions.

    Raises:
        CrosscamError: no assembler is installed, or it refuses the code (with its message).
    """
    with tempfile.TemporaryDirectory(prefix="crosscam-assembler-") as folder:
        source, linked = Path(folder) / "block.s", Path(folder) / "block.elf"
        source.write_text(f".syntax unified\n.thumb\n.text\n.global _start\n_start:\n{code}\n", encoding="utf-8")
        assembled = Path(folder) / "block.o"
        compiler, linker = _toolchain(cpu_type)
        _run([*compiler, "-c", "-o", str(assembled), str(source)], source.name)
        _run([*linker, f"-Ttext=0x{address:x}", "-o", str(linked), str(assembled)], source.name)
        return _text_of(linked)


def _toolchain(cpu_type: str) -> tuple[list[str], list[str]]:
    """The commands that assemble and link."""
    if importlib.util.find_spec("ziglang") is not None:
        zig = [sys.executable, "-m", "ziglang"]
        name = _ZIG_NAMES.get(cpu_type, cpu_type.replace("-", "_"))
        return [*zig, "cc", "-target", "thumb-freestanding-eabi", f"-mcpu={name}"], [*zig, "ld.lld", "--image-base=0"]
    if shutil.which(_GCC):
        return [_GCC, "-mthumb", f"-mcpu={_GCC_NAMES.get(cpu_type, cpu_type)}"], [_GCC.replace("gcc", "ld")]
    raise CrosscamError(f"AssembleBlock: no assembler: pip install ziglang, or install {_GCC}")


def _run(command: list[str], source: str) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_LIMIT_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CrosscamError(f"AssembleBlock: {command[0]} did not work: {error}") from None
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if "rror" in line] or [done.stderr.strip()]
        raise CrosscamError(f"Failed to assemble. Reason: {lines[0].rpartition(source)[2].strip(': ')}")


def _text_of(path: Path) -> bytes:
    from elftools.elf.elffile import ELFFile

    with path.open("rb") as stream:
        section = ELFFile(stream).get_section_by_name(".text")
        return bytes(section.data()) if section is not None else b""


def disassemble(address: int, code: bytes) -> str:
    """One line an instruction: address, halfwords, text."""
    machine = capstone.Cs(capstone.CS_ARCH_ARM, capstone.CS_MODE_THUMB | capstone.CS_MODE_MCLASS)
    machine.detail = True
    lines, end = [], address
    for found in machine.disasm(code, address):
        halves = "".join(f"{found.bytes[i + 1]:02x}{found.bytes[i]:02x}" for i in range(0, found.size, 2))
        operands = found.op_str
        if not found.group(capstone.CS_GRP_JUMP) and not found.group(capstone.CS_GRP_CALL):
            operands = _HEX.sub(lambda each: f"#{int(each[1], 16)}", operands)
        lines.append(f"0x{found.address:08x}:   {halves:12}{found.mnemonic}\t{operands}".rstrip())
        end = found.address + found.size
    if len(code) - (end - address) >= 2:
        lines.append(f"0x{end:08x}:  No valid instruction, disassembling stopped.")
    return "\n".join(lines)
