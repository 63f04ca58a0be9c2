"""The zoo's network compiled for the Cortex-M7 and run on Unicorn: right scores, no more instructions than agreed."""

from __future__ import annotations

import shutil
import struct
import subprocess
import sys
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

import capstone
import numpy as np
import pytest
import unicorn
from elftools.elf.elffile import ELFFile
from unicorn import arm_const

from model.compiler import compile_model
from model.compiler.compile import build
from model.compiler.emit import emit
from model.compiler.tests.cases_networks import KINDS
from model.compiler.tests.host import (
    NN,
    ROOT,
    WARNINGS,
    as_list,
    reference,
    run_reference,
    run_reference_all,
    test_card,
)
from model.compiler.tests.maker import cases_of

ZOO = ROOT / "model" / "zoo" / "person_car_160"
INSTRUCTIONS_PER_MAC = 5.0  # 4.25 with gcc 12.2 and with zig 0.17 when this was written; the issue allows 8
_END = 32  # bytes of an nn_tensor_t on the target
FLASH, RAM, STOP = 0x0800_0000, 0x2000_0000, 0x1000

START = """
#include "nn/model.h"
void run(void);
void run(void) { for (uint32_t i = 0; i < nn_model.layer_count; i++) { nn_model.layers[i].run(); } }
"""
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
    .rodata : { *(.rodata .rodata.*) }
    . = 0x20000000;
    .data : { *(.data .data.* .bss .bss.*) }
    .nn_arena (NOLOAD) : { *(.nn_arena) }
    /DISCARD/ : { *(.ARM.exidx* .ARM.extab*) }
}
"""


def _toolchains() -> dict[str, list[str]]:
    found = {}
    if shutil.which("arm-none-eabi-gcc"):
        found["gcc"] = ["arm-none-eabi-gcc", "-mcpu=cortex-m7", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv5-d16"]
    if find_spec("ziglang"):
        found["zig"] = [
            sys.executable,
            "-m",
            "ziglang",
            "cc",
            "-target",
            "thumb-freestanding-eabihf",
            "-mcpu=cortex_m7",
        ]
    return found


def _build(toolchain: list[str], folder: Path, start: str) -> Path:
    (folder / "start.c").write_text(start)
    (folder / "link.ld").write_text(LINK)
    sources = [*sorted(folder.glob("*.c")), *sorted(NN.glob("*.c"))]
    flags = [*WARNINGS, "-O2", "-ffreestanding", "-nostdlib", f"-I{ROOT / 'firmware'}", f"-T{folder / 'link.ld'}"]
    elf = folder / "network.elf"
    command = [*toolchain, *flags, "-Wl,-e,run", *map(str, sources), "-o", str(elf)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stderr
    return elf


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
        self.uc.mem_map(FLASH, 1 << 20)
        self.uc.mem_map(RAM, 1 << 18)
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
        self.uc.reg_write(arm_const.UC_ARM_REG_SP, RAM + (1 << 18) - 64)
        self.uc.reg_write(arm_const.UC_ARM_REG_LR, STOP | 1)
        self.uc.emu_start(self.symbols[name] | 1, STOP)
        decoder = capstone.Cs(capstone.CS_ARCH_ARM, capstone.CS_MODE_THUMB | capstone.CS_MODE_MCLASS)
        total = 0
        for (address, size), count in self.blocks.items():
            total += count * sum(1 for _ in decoder.disasm_lite(bytes(self.uc.mem_read(address, size)), address))
        return total


@pytest.mark.parametrize("name", ["gcc", "zig"])
def test_scores_and_instruction_count(name: str, tmp_path: Path) -> None:
    if name not in _toolchains():
        pytest.skip(f"toolchain {name} is not installed")
    report = compile_model(ZOO, tmp_path)
    core = Core(_build(_toolchains()[name], tmp_path, START + MEMORY))
    image = np.random.default_rng(4).integers(-128, 128, size=(160, 160, 3)).astype(np.int8)
    # nn_model_t: id, hash, height and width, channels, input, output, output_count
    model = core.words(core.symbols["nn_model"], "IIHHHHIIH")
    core.uc.mem_write(model[6], image.tobytes())
    instructions = core.run("run")
    scores = np.frombuffer(bytes(core.uc.mem_read(model[7], model[8])), np.int8)
    expected = run_reference(reference((ZOO / "model.tflite").read_bytes()), image)
    assert scores.tolist() == expected.tolist()
    print(f"{name}: {instructions:,} instructions, {instructions / report.macs:.2f} a MAC")
    assert instructions <= INSTRUCTIONS_PER_MAC * report.macs


def test_generated_networks_on_the_core(tmp_path: Path) -> None:
    """One network of every kind the tests generate, all in one image, each bit for bit the reference's."""
    toolchains = _toolchains()
    if not toolchains:
        pytest.skip("no toolchain for ARM is installed")
    cases = [case for _, case in cases_of(KINDS, 1, seed=77)]
    assert len(cases) >= 10
    runs = ""
    for number, case in enumerate(cases):
        symbol = f"net{number}"
        program = build(Path(case.title), case.blob)
        files = emit(program.graph, program.calls, program.plan, test_card(program, symbol), symbol)
        (tmp_path / f"{symbol}.c").write_text(files["model.c"].replace("model_weights.h", f"{symbol}_weights.h"))
        weights = files["model_weights.c"].replace("model_weights.h", f"{symbol}_weights.h")
        (tmp_path / f"{symbol}_weights.c").write_text(weights)
        (tmp_path / f"{symbol}_weights.h").write_text(files["model_weights.h"])
        runs += f"extern const nn_model_t {symbol};\nextern const nn_ends_t {symbol}_ends;\nvoid run_{symbol}(void);\n"
        runs += f"void run_{symbol}(void) {{ for (uint32_t i = 0; i < {symbol}.layer_count; i++) {{ "
        runs += f"{symbol}.layers[i].run(); }} }}\n"
    first = "const nn_model_t *const volatile first = &net0;\nvoid run(void);\nvoid run(void) { (void)first; }\n"
    elf = _build(next(iter(toolchains.values())), tmp_path, '#include "nn/model.h"\n' + runs + first + MEMORY)
    core = Core(elf, unicorn.UC_MODE_THUMB)  # not MCLASS, which takes any model for a Cortex-M33 with its FPU off
    for number, case in enumerate(cases):
        ends = core.words(core.symbols[f"net{number}_ends"], "IIII")
        interpreter = reference(case.blob)
        for images in case.images:
            for at, image in enumerate(as_list(images)):
                core.uc.mem_write(core.words(ends[0] + _END * at, "II")[1], image.tobytes())
            core.run(f"run_net{number}")
            for at, expected in enumerate(run_reference_all(interpreter, images)):
                _, data, size = core.words(ends[1] + _END * at, "III")
                assert bytes(core.uc.mem_read(data, size)) == expected.tobytes(), case.title
