# mypy: disable-error-code="import-untyped"
"""Variables: where their bytes are, what starts them, and what is refused."""

from __future__ import annotations

from pathlib import Path

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from model.compiler import compile_model
from model.compiler.compile import Options, build
from model.compiler.tests.tflite_builder import TfliteBuilder
from model.errors import CrosscamError


def _delay(first: bool = True, shape: tuple[int, ...] = (1, 4)) -> bytes:
    """y is the x of the run before; ``first`` is given by CALL_ONCE."""
    f = TfliteBuilder()
    x, y = f.tensor("x", (1, 4), scale=0.1), f.tensor("y", (1, 4), scale=0.1)
    start = f.tensor("start", shape, scale=0.1, data=np.full(shape, 7, np.int8)) if first else None
    handle = f.handle("before", start)
    f.op("READ_VARIABLE", [handle], [y])
    f.op("ASSIGN_VARIABLE", [handle, x], [])
    return f.finish([x], [y])


def test_a_state_is_no_part_of_the_arena(tmp_path: Path) -> None:
    program = build(Path("m.tflite"), _delay())
    assert [state.name for state in program.plan.states] == ["before"]
    assert program.plan.arena_bytes == 32 and program.plan.state_bytes == 16
    (tmp_path / "delay.tflite").write_bytes(_delay())
    compile_model(tmp_path / "delay.tflite", tmp_path / "out")
    text = (tmp_path / "out" / "model.c").read_text()
    assert "nn_model_state[16]" in text and "7, 7, 7, 7, 0," in text


@pytest.mark.parametrize(
    ("blob", "reason"),
    [(_delay(first=False), "nothing has assigned"), (_delay(shape=(1, 2)), r"copies int8 \[1, 4\] to int8 \[1, 2\]")],
    ids=["never assigned", "another shape"],
)
def test_what_cannot_run_is_refused(blob: bytes, reason: str) -> None:
    with pytest.raises(CrosscamError, match=reason) as caught:
        build(Path("m.tflite"), blob)
    assert "\n" not in str(caught.value)


def test_a_subgraph_that_nothing_starts_is_refused() -> None:
    content = schema.ModelT.InitFromObj(schema.Model.GetRootAs(_delay()))
    content.subgraphs[0].operators.pop(0)  # CALL_ONCE
    builder = flatbuffers.Builder(1024)
    builder.Finish(content.Pack(builder), b"TFL3")
    with pytest.raises(CrosscamError, match="2 subgraphs, expected 1 and what CALL_ONCE calls"):
        build(Path("m.tflite"), bytes(builder.Output()))


def test_the_firmware_takes_no_model_with_a_state(tmp_path: Path) -> None:
    f = TfliteBuilder()
    x = f.tensor("x", (1, 2, 2, 1), scale=0.1)
    y = f.tensor("y", (1, 2, 2, 1), scale=0.1)
    handle = f.handle("before", f.tensor("start", (1, 2, 2, 1), scale=0.1, data=np.zeros((1, 2, 2, 1), np.int8)))
    f.op("READ_VARIABLE", [handle], [y])
    f.op("ASSIGN_VARIABLE", [handle, x], [])
    (tmp_path / "delay.tflite").write_bytes(f.finish([x], [y]))
    with pytest.raises(CrosscamError, match="keeps 1 states from run to run"):
        compile_model(tmp_path / "delay.tflite", tmp_path / "out", firmware=True, options=Options(core=True))


def test_an_svdf_with_a_memory_of_bytes_is_refused() -> None:
    f = TfliteBuilder()
    x, y = f.tensor("x", (1, 4), scale=0.1), f.tensor("y", (1, 2), scale=0.1)
    weights = f.tensor("w", (2, 4), scale=0.1, data=np.ones((2, 4), np.int8))
    times = f.tensor("times", (2, 3), scale=0.1, data=np.ones((2, 3), np.int8))
    state = f.tensor("state", (1, 6), scale=0.1, variable=True)
    f.op("SVDF", [x, weights, times, -1, state], [y], rank=1)
    with pytest.raises(CrosscamError, match="LiteRT's kernel takes them and the state for int16"):
        build(Path("m.tflite"), f.finish([x], [y]))
