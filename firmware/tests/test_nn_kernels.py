"""The C kernels, compiled for this machine, against LiteRT's reference kernels: bit for bit, on random layers.

Every case goes the whole way: .tflite -> compiler -> C -> host compiler -> run. Input and output lie in one arena at
the closest place the memory plan allows, so a kernel that wrote too early would show here as well.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from model.compiler.tests.host import Case, Model, compile_cases, reference, run_reference
from model.compiler.tests.random_cases import KINDS, all_cases

Compiled = list[tuple[str, Case, Model]]


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Compiled:
    cases = all_cases()
    models = compile_cases([case for _, case in cases], Path(tmp_path_factory.mktemp("kernels")))
    return [(kind, case, model) for (kind, case), model in zip(cases, models, strict=True)]


@pytest.mark.parametrize("kind", KINDS)
def test_kernel_matches_reference(compiled: Compiled, kind: str, capfd: pytest.CaptureFixture[str]) -> None:
    outputs = []
    for _, case, model in (entry for entry in compiled if entry[0] == kind):
        interpreter = reference(case.blob)
        for image in case.images:
            expected = run_reference(interpreter, image)
            actual = model.run(image)
            assert np.array_equal(actual, expected), (
                f"{case.title}: {np.count_nonzero(actual != expected)} values differ"
            )
            outputs.append(actual)
    # A comparison of constants would prove nothing: most outputs have to vary.
    assert len(np.unique(np.concatenate(outputs))) > 40
    assert "runtime error" not in capfd.readouterr().err  # what the undefined-behaviour sanitizer would say


def test_result_does_not_depend_on_the_run_before(compiled: Compiled) -> None:
    for kind, case, model in compiled:
        first = model.run(case.images[0])
        model.run(case.images[1])
        assert np.array_equal(model.run(case.images[0]), first), (kind, case.title)
