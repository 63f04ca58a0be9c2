"""The C kernels, compiled for this machine, against LiteRT's reference kernels: bit for bit, on random models.

Every case goes the whole way: .tflite -> compiler -> C -> host compiler -> run. Input and output lie in one arena at
the closest place the memory plan allows, so a kernel that wrote too early would show here as well.

``CROSSCAM_CASES`` says how many cases of a kind are drawn: 50 by default, 1,000 in ``make test-all``.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from model.compiler.tests.host import compile_cases, reference, run_reference_all
from model.compiler.tests.maker import Kinds, cases_of

CASES = int(os.environ.get("CROSSCAM_CASES", "50"))
_CHUNK = 250  # cases a library


def kernel_test(kinds: Kinds) -> Callable[[str, pytest.CaptureFixture[str]], None]:
    """A test that compares ``CASES`` cases of every kind; for use as a module's ``test_...``."""

    @pytest.mark.parametrize("kind", kinds)
    def test(kind: str, capfd: pytest.CaptureFixture[str]) -> None:
        cases = [case for _, case in cases_of({kind: kinds[kind]}, CASES, 1 + list(kinds).index(kind))]
        outputs = []
        for start in range(0, len(cases), _CHUNK):
            chunk = cases[start : start + _CHUNK]
            with tempfile.TemporaryDirectory() as folder:
                networks = compile_cases(chunk, Path(folder))
            for case, network in zip(chunk, networks, strict=True):
                interpreter = reference(case.blob)
                for image in (*case.images, case.images[0]):  # the first again: nothing may be left of the runs between
                    for actual, expected in zip(network.run(image), run_reference_all(interpreter, image), strict=True):
                        assert actual.shape == expected.shape and actual.dtype == expected.dtype, case.title
                        assert np.array_equal(actual, expected, equal_nan=actual.dtype.kind == "f"), (
                            f"{case.title}: {np.count_nonzero(actual != expected)} values differ"
                        )
                        outputs.append(actual.reshape(-1))
        # A comparison of constants would prove nothing: outputs have to vary.
        few = 1 if outputs[0].dtype == np.bool_ else 5 if "arg" in kind else 40
        assert len(np.unique(np.concatenate(outputs))) > few
        assert "runtime error" not in capfd.readouterr().err  # what the undefined-behaviour sanitizer would say

    return test
