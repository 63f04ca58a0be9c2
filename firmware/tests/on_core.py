"""Compiled networks on Unicorn's Cortex-M7, by either toolchain: a bare image, no board."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import capstone
import numpy as np
import unicorn
from elftools.elf.elffile import ELFFile
from unicorn import arm_const

from firmware.tests.toolchains import build_program
from model.compiler.compile import Options, build
from model.compiler.emit import emit
from model.compiler.fast_ram import FAST_RAM_BYTES
from model.compiler.program import Program
from model.compiler.tests.host import Case, Inputs, as_list, test_card

_END = 32  # bytes of an nn_tensor_t on the target
FLASH, RAM, STOP = 0x0800_0000, 0x2000_0000, 0x1000
RAM_BYTES = 1 << 20

MEMORY = """
#include <stddef.h>
void *memcpy(void *to, const void *from, size_t size);
void *memset(void *to, int value, size_t size);
void *memcpy(void *to, const void *from, size_t size)
{
    for (size_t i = 0; i < size; i++) { ((volatile char *)to)[i] = ((const char *)from)[i]; }
    return to;
}
void *memset(void *to, int value, size_t size)
{
    for (size_t i = 0; i < size; i++) { ((volatile char *)to)[i] = (char)value; }
    return to;
}
"""
LINK = """
ENTRY(run)
SECTIONS
{
    . = 0x08000000;
    .text : { *(.text .text.* .itcm_text) }
    .rodata : { *(.rodata .rodata.* .nn_fast_weights) }
    . = 0x20000000;
    .data : { *(.data .data.* .bss .bss.*) }
    .nn_arena (NOLOAD) : { *(.nn_arena) }
    /DISCARD/ : { *(.ARM.exidx* .ARM.extab*) }
}
"""


def build_image(toolchain: Sequence[str], folder: Path, start: str) -> Path:
    """``start`` with the networks in ``folder``, linked for the core."""
    return build_program(toolchain, folder, start, LINK)


class Core:
    """Unicorn's Cortex-M7 with the network loaded; counts executed instructions by basic block."""

    def __init__(self, elf: Path, mode: int = unicorn.UC_MODE_THUMB | unicorn.UC_MODE_MCLASS) -> None:
        with elf.open("rb") as file:
            content = ELFFile(file)
            symbols = content.get_section_by_name(".symtab").iter_symbols()
            self.symbols = {symbol.name: symbol["st_value"] for symbol in symbols}
            loads = [
                s for s in content.iter_segments() if s["p_type"] == "PT_LOAD" and s["p_vaddr"] in range(FLASH, RAM)
            ]
            images = [(segment["p_vaddr"], segment.data()) for segment in loads]
        self.uc = unicorn.Uc(unicorn.UC_ARCH_ARM, mode)
        self.uc.ctl_set_cpu_model(arm_const.UC_CPU_ARM_CORTEX_M7)
        self.uc.mem_map(STOP & ~0xFFF, 0x1000)
        self.uc.mem_map(FLASH, 1 << 21)
        self.uc.mem_map(RAM, RAM_BYTES)
        for address, data in images:
            self.uc.mem_write(address, data)
        self.blocks: Counter[tuple[int, int]] = Counter()
        self.uc.hook_add(unicorn.UC_HOOK_BLOCK, self._block)

    def _block(self, _uc: unicorn.Uc, address: int, size: int, _data: object) -> None:
        self.blocks[address, size] += 1

    def words(self, address: int, layout: str) -> tuple[int, ...]:
        return struct.unpack("<" + layout, bytes(self.uc.mem_read(address, struct.calcsize("<" + layout))))

    def run(self, name: str) -> int:
        """Call a function without arguments; the number of instructions it took."""
        self.blocks.clear()
        self.uc.reg_write(arm_const.UC_ARM_REG_SP, RAM + RAM_BYTES - 64)
        self.uc.reg_write(arm_const.UC_ARM_REG_LR, STOP | 1)
        self.uc.emu_start(self.symbols[name] | 1, STOP)
        decoder = capstone.Cs(capstone.CS_ARCH_ARM, capstone.CS_MODE_THUMB | capstone.CS_MODE_MCLASS)
        total = 0
        for (address, size), count in self.blocks.items():
            total += count * sum(1 for _ in decoder.disasm_lite(bytes(self.uc.mem_read(address, size)), address))
        return total


def build_cases(
    toolchain: Sequence[str], cases: Sequence[Case], folder: Path, optimize: str, fast_ram: int = FAST_RAM_BYTES
) -> tuple[Path, list[Program]]:
    """One image with the network of every case, net0 and following, each run by run_net0 and following.

    All C is one translation unit, and so is all assembly, whose local labels get the network's name: starting a
    compiler takes longer than what it compiles.
    """
    runs, programs = "", []
    units: dict[str, str] = {".c": "", ".S": ""}
    (folder / "parts").mkdir()
    for number, case in enumerate(cases):
        symbol = f"net{number}"
        program = build(Path(case.title), case.blob, Options(optimize=optimize, fast_ram=fast_ram), shuffles=10)
        programs.append(program)
        for name, text in emit(program.graph, program.calls, program.plan, test_card(program, symbol), symbol).items():
            own = text.replace("model_weights.h", f"{symbol}_weights.h").replace(".L", f".L{symbol}_")
            if name.endswith((".c", ".S", ".h")) and name != "model_config.h":
                part = folder / "parts" / name.replace("model", symbol, 1)
                part.write_text(own)
                if part.suffix in units:
                    units[part.suffix] += f'#include "parts/{part.name}"\n'
        runs += f"extern const nn_model_t {symbol};\nextern const nn_ends_t {symbol}_ends;\nvoid run_{symbol}(void);\n"
        runs += f"void run_{symbol}(void) {{ for (uint32_t i = 0; i < {symbol}.layer_count; i++) {{ "
        runs += f"{symbol}.layers[i].run(); }} }}\n"
    for suffix, text in units.items():
        (folder / f"all{suffix}").write_text(text)
    first = "const nn_model_t *const volatile first = &net0;\nvoid run(void);\nvoid run(void) { (void)first; }\n"
    return build_image(toolchain, folder, '#include "nn/model.h"\n' + runs + first + MEMORY), programs


def outputs_of(core: Core, number: int, images: Inputs) -> list[bytes]:
    """The outputs of network ``number`` of ``build_cases``."""
    ends = core.words(core.symbols[f"net{number}_ends"], "IIII")
    for at, image in enumerate(as_list(images)):
        core.uc.mem_write(core.words(ends[0] + _END * at, "II")[1], np.ascontiguousarray(image).tobytes())
    core.run(f"run_net{number}")
    results = []
    for at in range(ends[3]):
        _, data, size = core.words(ends[1] + _END * at, "III")
        results.append(bytes(core.uc.mem_read(data, size)))
    return results
