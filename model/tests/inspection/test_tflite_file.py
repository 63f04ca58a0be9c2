"""Facts of .tflite files: what the compiler says of those it takes, and all there is to say of the others."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from model.card import read_card
from model.compiler.compile import build
from model.compiler.tests import cases_fast, cases_weighted
from model.compiler.tests.cases_networks import KINDS as NETWORKS
from model.compiler.tests.maker import Maker
from model.compiler.tests.tflite_builder import TfliteBuilder
from model.errors import LONGEST_MESSAGE, CrosscamError
from model.inspection.inspect import inspect

ZOO = Path(__file__).parents[2] / "zoo" / "person_car_160"
KINDS = {**cases_fast.KINDS, **cases_weighted.KINDS, **NETWORKS}


def test_the_shipped_model() -> None:
    facts, card = inspect(ZOO), read_card(ZOO)
    assert (facts.macs, facts.sha256, facts.bytes) == (card.macs, card.sha256, card.model_path.stat().st_size)
    assert facts.board.firmware and facts.board.chip and not facts.board.obstacle
    (source,), (output,) = facts.inputs, facts.outputs
    assert source.shape == (1, *card.input_shape) and source.scale == card.input_scale
    assert (output.type, output.scale, output.zero_point) == ("int8", card.output_scale, card.output_zero_point)
    assert facts.operators["DEPTHWISE_CONV_2D"] == 13
    assert inspect(ZOO / "card.toml") == facts


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_macs_are_the_compilers(kind: str, tmp_path: Path) -> None:
    """For every weighted kind the compiler has, and whole networks."""
    path = tmp_path / f"{kind}.tflite"
    path.write_bytes(KINDS[kind](Maker(3)).blob)
    facts = inspect(path)
    graph = build(path, path.read_bytes(), shuffles=1).graph
    assert facts.macs == sum(op.macs for op in graph.ops)


def test_what_stands_in_the_way(tmp_path: Path) -> None:
    """Unsupported operators are named, all of them; what the file holds is told all the same."""
    builder = TfliteBuilder(custom=b"TFLite_Detection_PostProcess")
    ends = [builder.tensor(name, (1, 8), dtype=np.float32) for name in "xyz"]
    builder.op("CUSTOM", ends[:1], ends[1:2])
    builder.op("BUCKETIZE", ends[1:2], ends[2:])
    path = tmp_path / "m.tflite"
    path.write_bytes(builder.finish(ends[:1], ends[2:]))
    facts = inspect(path)
    assert not facts.board.chip and facts.board.arena is None
    assert facts.board.unsupported == ("BUCKETIZE", "custom operator TFLite_Detection_PostProcess")
    assert "TFLite_Detection_PostProcess" in facts.board.obstacle and str(path) not in facts.board.obstacle
    assert facts.inputs[0].type == "float32" and facts.inputs[0].shape == (1, 8)


def test_damage_is_one_line(tmp_path: Path) -> None:
    blob = (ZOO / "model.tflite").read_bytes()
    generator = np.random.default_rng(4)
    path = tmp_path / "m.tflite"
    for _ in range(40):
        data = bytearray(blob[: int(generator.integers(8, len(blob)))])
        for at in generator.integers(8, min(len(data), 60_000), 6):
            data[at] = int(generator.integers(256))
        path.write_bytes(data)
        try:
            facts = inspect(path)
        except CrosscamError as error:
            assert len(str(error)) <= LONGEST_MESSAGE and "\n" not in str(error)
        else:
            assert facts.bytes == len(data)


@pytest.mark.parametrize("name", ["none", "folder", "text.txt", "pipe"])
def test_what_is_no_model(name: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "text.txt").write_text("hello")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(CrosscamError, match=name):
        inspect(tmp_path / name)
