# mypy: disable-error-code="import-untyped"
"""``--kernels tflm``: fully connected layers and sums against TensorFlow Lite Micro itself; the two kinds differ."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest

from firmware.tests.kernel_cases import CASES
from model.compiler.tests.cases_elementwise import reduction
from model.compiler.tests.cases_networks import chain
from model.compiler.tests.cases_weighted import conv, fully_connected, fully_connected_rows, ties
from model.compiler.tests.host import as_list, compile_cases, reference, run_reference_all
from model.compiler.tests.maker import cases_of

runtime = pytest.importorskip("tflite_micro").runtime
KINDS = {
    "chain": chain,
    "conv": conv,
    "fully_connected": fully_connected,
    "fully_connected_rows": fully_connected_rows,
    "sum": partial(reduction, name="SUM"),
    "ties": ties,
}


@pytest.mark.parametrize("kind", KINDS)
def test_equals_tensorflow_lite_micro(kind: str, tmp_path: Path) -> None:
    cases = [case for _, case in cases_of({kind: KINDS[kind]}, CASES, 40)]
    differ = 0
    for case, network in zip(cases, compile_cases(cases, tmp_path, "tflm"), strict=True):
        micro = runtime.Interpreter.from_bytes(case.blob)
        host = reference(case.blob)
        shapes = [details["shape"] for details in host.get_input_details()]
        for image in case.images:
            for number, (values, shape) in enumerate(zip(as_list(image), shapes, strict=True)):
                micro.set_input(values.reshape(shape), number)
            micro.invoke()
            for number, actual in enumerate(network.run(image)):
                assert np.array_equal(actual.reshape(-1), micro.get_output(number).reshape(-1)), case.title
            differ += not all(map(np.array_equal, network.run(image), run_reference_all(host, image)))
    if kind == "ties":
        assert differ  # else the choice would mean nothing
