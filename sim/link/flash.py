"""Putting a firmware onto a board: by pyOCD or OpenOCD where one is installed, else the command to type."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sim.engine.elf import ElfImage
from sim.errors import CrosscamError, shown

LONGEST_SECONDS = 300.0
_OPENOCD_TARGETS = {
    "stm32f0": "stm32f0x", "stm32f1": "stm32f1x", "stm32f3": "stm32f3x", "stm32f4": "stm32f4x", "stm32f7": "stm32f7x",
    "stm32g0": "stm32g0x", "stm32g4": "stm32g4x", "stm32h7": "stm32h7x", "stm32l0": "stm32l0", "stm32l4": "stm32l4x",
    "nrf52": "nrf52",
}  # fmt: skip
"""Files below OpenOCD's ``target`` folder, by how a chip's name starts."""
TOOLS = ("pyocd", "openocd")


@dataclass(frozen=True)
class Flasher:
    """``tool``: its name; ``command``: what it is called with; ``installed``: whether it is there."""

    tool: str
    command: tuple[str, ...]
    installed: bool

    def __str__(self) -> str:
        return shlex.join(self.command)


def flasher(
    elf: Path, chip: str, tool: str | None = None, which: Callable[[str], str | None] = shutil.which
) -> Flasher:
    """The command that writes ``elf`` into the flash of ``chip`` and starts it.

    Args:
        elf: what to write.
        chip: such as ``stm32h743zi``.
        tool: one of ``TOOLS``; None: the first that is installed.
        which: where programs are found.

    Raises:
        CrosscamError: no ELF, a chip of no known family, an unknown tool, a path that OpenOCD cannot be given.
    """
    ElfImage.read(elf)
    if tool is not None and tool not in TOOLS:
        raise CrosscamError(f"unknown tool {shown(tool)}: expected {' or '.join(TOOLS)}")
    name = chip.lower()
    if not (name.isascii() and name.isalnum()):
        raise CrosscamError(f"no chip {shown(chip)}: expected a name such as stm32h743zi")
    chosen = tool or next((each for each in TOOLS if which(each)), TOOLS[1])
    command = _pyocd(elf, name) if chosen == "pyocd" else _openocd(elf, name)
    return Flasher(chosen, command, which(chosen) is not None)


def _pyocd(elf: Path, chip: str) -> tuple[str, ...]:
    return ("pyocd", "flash", "--target", chip, "--format", "elf", str(elf.resolve()))


def _openocd(elf: Path, chip: str) -> tuple[str, ...]:
    family = next((file for start, file in _OPENOCD_TARGETS.items() if chip.startswith(start)), None)
    if family is None:
        raise CrosscamError(f"no chip {chip} known to OpenOCD here: expected one of {', '.join(_OPENOCD_TARGETS)}...")
    path = str(elf.resolve())
    if any(letter in path for letter in "{}\\") or not path.isprintable():
        raise CrosscamError(f"{elf}: OpenOCD takes no path with braces, backslashes or controls; copy the file")
    probe = "interface/stlink.cfg" if chip.startswith("stm32") else "interface/cmsis-dap.cfg"
    program = f"program {{{path}}} verify reset exit"
    return ("openocd", "-f", probe, "-f", f"target/{family}.cfg", "-c", program)


def flash(chosen: Flasher, seconds: float = LONGEST_SECONDS) -> None:
    """Run it; what it says goes to the terminal.

    Raises:
        CrosscamError: it is not installed, fails, or takes longer than ``seconds``.
    """
    try:
        done = subprocess.run(chosen.command, stdin=subprocess.DEVNULL, timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        raise CrosscamError(f"{chosen.tool} did not end within {seconds:.0f} s; is a board connected?") from None
    except OSError as error:
        raise CrosscamError(
            f"{chosen.tool} cannot be started: {error.strerror}; install it, or type: {chosen}"
        ) from None
    if done.returncode:
        raise CrosscamError(f"{chosen.tool} failed with status {done.returncode}; what it said is above")
