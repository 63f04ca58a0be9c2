"""The zoo's network compiled for the Cortex-M7 and run on Unicorn: right scores, no more instructions than agreed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import unicorn

from firmware.tests.on_core import MEMORY, Core, build_cases, build_image, outputs_of
from model.compiler import compile_model
from model.compiler.tests import cases_floats, cases_gathers, cases_logic
from model.compiler.tests.cases_networks import KINDS
from model.compiler.tests.host import ROOT, reference, run_reference, run_reference_all
from model.compiler.tests.maker import cases_of
from sim.bench.toolchains import installed as toolchains

ZOO = ROOT / "model" / "zoo" / "person_car_160"
INSTRUCTIONS_PER_MAC = 5.0  # 4.25 with gcc 12.2 and with zig 0.17 when this was written; the issue allows 8

START = """
#include "nn/model.h"
void run(void);
void run(void) { for (uint32_t i = 0; i < nn_model.layer_count; i++) { nn_model.layers[i].run(); } }
"""


@pytest.mark.parametrize("name", ["gcc", "zig"])
def test_scores_and_instruction_count(name: str, tmp_path: Path) -> None:
    if name not in toolchains():
        pytest.skip(f"toolchain {name} is not installed")
    report = compile_model(ZOO, tmp_path)
    core = Core(build_image(toolchains()[name], tmp_path, START + MEMORY))
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


@pytest.mark.parametrize("optimize", ["size", "speed"])
def test_generated_networks_on_the_core(optimize: str, tmp_path: Path) -> None:
    """One network of every kind the tests generate, all in one image, each bit for bit the reference's; plain kernels
    of other types than int8 besides, which need a toolchain's own arithmetic."""
    if not toolchains():
        pytest.skip("no toolchain for ARM is installed")
    kinds = KINDS
    if optimize == "size":
        kinds = {**KINDS, **cases_floats.KINDS, **cases_gathers.KINDS, **cases_logic.KINDS}
    cases = [case for _, case in cases_of(kinds, 1, seed=77)]
    assert len(cases) >= 10
    elf, _ = build_cases(next(iter(toolchains().values())), cases, tmp_path, optimize)
    core = Core(elf, unicorn.UC_MODE_THUMB)  # not MCLASS, which takes any model for a Cortex-M33 with its FPU off
    for number, case in enumerate(cases):
        interpreter = reference(case.blob)
        for images in case.images:
            expected = [output.tobytes() for output in run_reference_all(interpreter, images)]
            assert outputs_of(core, number, images) == expected, case.title
