"""The generated Cortex-M7 kernels on the simulated core against LiteRT's reference kernels: bit for bit.

``CROSSCAM_CASES`` says how many cases of a kind are drawn: 50 by default, 1,000 in ``make test-all``.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import unicorn

from firmware.tests.kernel_cases import CASES
from firmware.tests.on_core import Core, build_cases, outputs_of
from model.compiler.fast import choice
from model.compiler.fast_ram import FAST_RAM_BYTES
from model.compiler.tests.cases_fast import KINDS
from model.compiler.tests.host import reference, run_reference_all
from model.compiler.tests.maker import cases_of
from sim.bench.toolchains import installed as toolchains

_MOST = 50  # cases an image
_LITTLE = 12 * 1024  # bytes of fast RAM
_IMAGES = 2  # at least
_FEWER = {
    "fast_bands": 10,
    "fast_far": 10,
    "fast_dense": 2,
    "fast_sum": 2,
}  # a case of these is as much work as so many others
_SCALED = ("fast_pointwise", "fast_conv", "fast_depthwise")  # whose scales are drawn to need every form
_FORMS = ("shared shift", "own shifts", "signed")
_LEAST_FAST = 0.5  # of the cases; the others prove that the choice falls back where it must


@pytest.mark.parametrize("kind", KINDS)
def test_matches_reference(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not toolchains():
        pytest.skip("no toolchain for ARM is installed")
    count = max(4, CASES // _FEWER.get(kind, 1))
    each = min(_MOST // _FEWER.get(kind, 1), -(-count // _IMAGES))  # as many arenas as the core's memory takes
    cases = [case for _, case in cases_of({kind: KINDS[kind]}, count, 1 + list(KINDS).index(kind))]
    forms: Counter[str] = Counter()
    outputs = set()
    for start in range(0, count, each):
        chunk = cases[start : start + each]
        if start:  # all but the first have the shortest code there is, loops, and little memory
            monkeypatch.setattr(choice.Selector, "_unroll", lambda self, chosen: None)
        folder = tmp_path / str(start)
        folder.mkdir()
        name, toolchain = list(toolchains().items())[start // each % len(toolchains())]
        elf, programs = build_cases(toolchain, chunk, folder, "speed", _LITTLE if start else FAST_RAM_BYTES)
        core = Core(elf, unicorn.UC_MODE_THUMB)
        for number, (case, program) in enumerate(zip(chunk, programs, strict=True)):
            forms.update("plain" if call.op in program.slow else call.summary for call in program.calls)
            interpreter = reference(case.blob)
            for images in case.images:
                (expected,) = run_reference_all(interpreter, images)
                actual = np.frombuffer(outputs_of(core, number, images)[0], np.int8)
                wrong = np.count_nonzero(actual != expected.reshape(-1))
                assert not wrong, f"{case.title} by {name}, {program.calls[0].summary}: {wrong} values differ"
                outputs.update(np.unique(actual).tolist())
    assert len(outputs) > 100
    assert forms["plain"] <= (1 - _LEAST_FAST) * forms.total(), forms
    if count >= 50 and kind in _SCALED:
        assert all(any(rounding in form for form in forms) for rounding in _FORMS), forms
