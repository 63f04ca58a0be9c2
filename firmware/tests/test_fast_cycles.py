"""What the generated functions take on the cortex-m7 clock: held to the figures docs/kernels.md gives."""

from __future__ import annotations

from pathlib import Path

import pytest

from model.compiler.fast.assembly import Routine, file_text
from model.compiler.fast.requantize import Rounding
from model.compiler.fast.rows import RowShape, rows_routine, with_turns
from model.compiler.fast.tile import CHANNELS, PIXELS, TileShape, tile_routine
from sim.bench.timing_kernels import Bench, assemble
from sim.bench.toolchains import installed as toolchains

FEW, MANY = 3, 8
# The bench hands over turns, input and constants; the function wants its arguments otherwise.
ENTRY = """
    .text
    .type bench, %function
    .thumb_func
bench:
    mov r3, r0
    mov r0, r1
    mov r1, r2
    add r2, r1, #8192
    bl function
    wfi
"""

pytestmark = pytest.mark.skipif(not toolchains(), reason="no toolchain for ARM is installed")


def cycles(routine: Routine, folder: Path) -> float:
    """Of one turn: a tile or a row."""
    source = folder / "function.S"
    text = file_text([routine], "", "bench").replace(routine.name, "function").replace(".global function", "")
    source.write_text(text.replace('.section .itcm_text, "ax", %progbits', ".text") + ENTRY)
    code, symbols = assemble(source)
    bench = Bench("stm32h743")
    few, few_again, many = (bench.run(code, symbols["bench"], "itcm", "dtcm", turns) for turns in (FEW, FEW, MANY))
    assert few >= few_again
    return (many - few_again) / (MANY - FEW)


@pytest.mark.parametrize("inputs", [8, 32, 256])
@pytest.mark.parametrize(("rounding", "scaling"), [(Rounding.SHARED, 21), (Rounding.OWN, 25), (Rounding.SIGNED, 34)])
def test_a_tile(inputs: int, rounding: Rounding, scaling: int, tmp_path: Path) -> None:
    step = 2 * inputs
    shape = TileShape(
        tuple(range(0, step, 4)), tuple(step * pixel for pixel in range(PIXELS)), PIXELS * step, 64, rounding, 9
    )
    products = PIXELS * CHANNELS * inputs
    assert products / 2 < cycles(tile_routine("bench_tile", shape), tmp_path) <= products / 2 + scaling


@pytest.mark.parametrize(
    ("kernel", "stride", "outputs", "an_output"), [(3, 1, 40, 8.5), (3, 2, 20, 9.0), (3, 1, 10, 9.0), (5, 1, 28, 18.6)]
)
def test_a_depthwise_row(kernel: int, stride: int, outputs: int, an_output: float, tmp_path: Path) -> None:
    pitch = (outputs * stride + kernel + 1) // 2 * 2
    shape = RowShape((kernel, kernel), (stride, stride), pitch, outputs, 16, Rounding.SHARED, 9)
    least = kernel * ((kernel + 1) // 2) + 1  # multiplies
    assert least <= cycles(rows_routine("bench_rows", shape, with_turns(shape)[0]), tmp_path) / outputs <= an_output
