"""Whole generated networks on the simulated STM32H743: inputs and the reference's outputs lie in flash beside them.

One program holds them all, sets up nothing but the FPU, runs every network on every input in turn and counts the bytes
that differ from the reference.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from firmware.tests.toolchains import build_program
from model.compiler.compile import build
from model.compiler.emit import emit
from model.compiler.tests.cases_networks import KINDS
from model.compiler.tests.cases_states import KINDS as STATES
from model.compiler.tests.host import ROOT, Case, as_list, reference, run_reference_all, test_card
from model.compiler.tests.maker import cases_of
from sim.bench.toolchains import installed as toolchains
from sim.engine.monitor import Monitor
from sim.text import monitor_path

BOARD = ROOT / "sim" / "board" / "stm32h743.repl"
RESULTS = 0x2001_0000  # first: networks done, then the differing bytes of each

PROGRAM = """
#include "nn/model.h"
#include <stddef.h>

typedef struct { const nn_model_t *model; const nn_ends_t *ends; const uint8_t *data; uint32_t runs; } net_t;

static volatile uint32_t *const results = (volatile uint32_t *)%#xu;
extern uint32_t stack_top, data_start, data_end, data_load, bss_start, bss_end;
void Reset_Handler(void);
void *memcpy(void *to, const void *from, size_t size);
void *memset(void *to, int value, size_t size);

void *memcpy(void *to, const void *from, size_t size) {
    for (size_t i = 0; i < size; i++) { ((volatile char *)to)[i] = ((const char *)from)[i]; }
    return to;
}

void *memset(void *to, int value, size_t size) {
    for (size_t i = 0; i < size; i++) { ((volatile char *)to)[i] = (char)value; }
    return to;
}

%s

void Reset_Handler(void) {
    *(volatile uint32_t *)0xE000ED88u |= 0xFu << 20; /* CPACR: the FPU (ARM DDI 0403E B3.2.20) */
    __asm volatile("dsb\\nisb");
    for (uint32_t *to = &data_start, *from = &data_load; to < &data_end; to++, from++) { *to = *from; }
    for (uint32_t *to = &bss_start; to < &bss_end; to++) { *to = 0; }
    for (uint32_t n = 0; n < sizeof nets / sizeof nets[0]; n++) {
        const uint8_t *at = nets[n].data;
        uint32_t differing = 0;
        for (uint32_t run = 0; run < nets[n].runs; run++) {
            for (uint32_t i = 0; i < nets[n].ends->input_count; at += nets[n].ends->inputs[i].bytes, i++) {
                memcpy(nets[n].ends->inputs[i].data, at, nets[n].ends->inputs[i].bytes);
            }
            for (uint32_t i = 0; i < nets[n].model->layer_count; i++) { nets[n].model->layers[i].run(); }
            for (uint32_t i = 0; i < nets[n].ends->output_count; i++) {
                for (uint32_t b = 0; b < nets[n].ends->outputs[i].bytes; b++) {
                    differing += (uint8_t)nets[n].ends->outputs[i].data[b] != *at++;
                }
            }
        }
        results[1 + n] = differing;
        results[0] = n + 1;
    }
    for (;;) { }
}

__attribute__((section(".vectors"), used)) static const void *const vectors[] = {&stack_top, Reset_Handler};
"""
LINK = """
ENTRY(Reset_Handler)
SECTIONS
{
    . = 0x08000000;
    .text : { KEEP(*(.vectors)) *(.text .text.* .itcm_text) *(.rodata .rodata.*) . = ALIGN(16); }
    data_load = .;
    . = 0x20000000;
    .data : AT(data_load) { data_start = .; *(.data .data.*) . = ALIGN(4); data_end = .; }
    .bss (NOLOAD) : { bss_start = .; *(.bss .bss.* COMMON) . = ALIGN(4); bss_end = .; }
    stack_top = 0x20020000;
    . = 0x24000000;
    .nn_arena (NOLOAD) : { *(.nn_arena) }
    /DISCARD/ : { *(.ARM.exidx* .ARM.extab*) }
}
"""


def _write(case: Case, symbol: str, folder: Path, spoilt: bool) -> str:
    """The network's files; the C that declares it and holds its data."""
    program = build(Path(case.title), case.blob, shuffles=10)
    files = emit(program.graph, program.calls, program.plan, test_card(program, symbol), symbol)
    for name in ("model.c", "model_weights.c", "model_weights.h"):
        text = files[name].replace("model_weights.h", f"{symbol}_weights.h")
        (folder / name.replace("model", symbol, 1)).write_text(text)
    interpreter, data = reference(case.blob), bytearray()
    for images in case.images:
        outputs = run_reference_all(interpreter, images)
        data += b"".join(np.ascontiguousarray(values).tobytes() for values in (*as_list(images), *outputs))
    data[-1] ^= spoilt
    numbers = ", ".join(map(str, data))
    return (
        f"extern const nn_model_t {symbol};\nextern const nn_ends_t {symbol}_ends;\n"
        f"static const uint8_t {symbol}_data[] = {{{numbers}}};\n"
    )


@pytest.mark.parametrize("toolchain", ["gcc", "zig"])
def test_generated_networks_on_the_board(toolchain: str, tmp_path: Path) -> None:
    """Each bit for bit the reference's; one expected byte of the last is spoilt, to see that the program looks."""
    if toolchain not in toolchains():
        pytest.skip(f"toolchain {toolchain} is not installed")
    cases = [case for _, case in [*cases_of(KINDS, 1, seed=78), *cases_of(STATES, 1, seed=78)]]
    assert len(cases) >= 10
    symbols = [f"net{number}" for number in range(len(cases))]
    parts = [_write(case, name, tmp_path, name == symbols[-1]) for case, name in zip(cases, symbols, strict=True)]
    rows = ", ".join(
        f"{{&{name}, &{name}_ends, {name}_data, {len(case.images)}}}" for case, name in zip(cases, symbols, strict=True)
    )
    table = "".join(parts) + f"static const net_t nets[] = {{{rows}}};\n"
    elf = build_program(toolchains()[toolchain], tmp_path, PROGRAM % (RESULTS, table), LINK, "Reset_Handler")
    monitor = Monitor()
    for command in (
        "mach create",
        f"machine LoadPlatformDescription {monitor_path(BOARD)}",
        f"sysbus LoadELF {monitor_path(elf)}",
    ):
        monitor.execute(command)
    monitor.execute('emulation RunFor "1"')
    words = [
        int(str(monitor.execute(f"sysbus ReadDoubleWord {RESULTS + 4 * at:#x}")), 16) for at in range(len(cases) + 1)
    ]
    assert words == [len(cases), *[0] * (len(cases) - 1), 1]
