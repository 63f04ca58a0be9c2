"""Channels that are constant: found, put last, and gone from what is read."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from model.compiler.compile import Options, build
from model.compiler.ir import Conv2D, DepthwiseConv2D, Graph
from model.compiler.passes import put_idle_channels_last, run_passes
from model.compiler.passes.idle_channels import constant_outputs
from model.compiler.reader import read_graph
from model.compiler.tests.cases_fast import fast_chain
from model.compiler.tests.host import ROOT
from model.compiler.tests.maker import Maker

ZOO = ROOT / "model" / "zoo" / "person_car_160" / "model.tflite"


def chain(seed: int) -> Graph:
    graph = read_graph(Path("chain.tflite"), fast_chain(Maker(seed)).blob)
    run_passes(graph)
    return graph


def test_dead_channels_are_taken_out_and_count_nothing() -> None:
    found = 0
    for seed in range(20):
        graph = chain(seed)
        conv, depthwise, last = graph.ops
        assert isinstance(conv, Conv2D) and isinstance(depthwise, DepthwiseConv2D) and isinstance(last, Conv2D)
        before, macs = conv.weights, sum(op.macs for op in graph.ops)
        dead = int((conv.bias < -(2**25)).sum())
        assert put_idle_channels_last(graph) or not dead
        used = conv.output.hwc[2] - conv.output.idle
        assert used <= len(before) - dead  # others may be constant by chance
        assert (conv.output.hwc == depthwise.output.hwc and conv.output.hwc[2] == used + used % 2) or not dead
        assert [len(conv.weights), depthwise.weights.shape[2], last.weights.shape[3]] == [conv.output.hwc[2]] * 3
        assert not (conv.bias[:used] < -(2**25)).any() and not last.weights[..., used:].any()
        assert sum(op.macs for op in graph.ops) == macs
        found += dead
    assert found > 20


def test_a_second_time_changes_nothing() -> None:
    graph = next(graph for graph in map(chain, range(20)) if put_idle_channels_last(graph))
    weights = [op.weights.copy() for op in graph.ops if isinstance(op, Conv2D)]
    assert not put_idle_channels_last(graph)
    again = [op.weights for op in graph.ops if isinstance(op, Conv2D)]
    assert all(np.array_equal(old, new) for old, new in zip(weights, again, strict=True))


def test_a_channel_that_moves_at_all_is_not_constant() -> None:
    graph = chain(1)
    conv = graph.ops[0]
    assert isinstance(conv, Conv2D)
    conv.bias = np.zeros(len(conv.bias), np.int32)
    assert set(constant_outputs(conv, conv.weights.reshape(len(conv.bias), -1))) == {None}


def test_what_the_outside_reads_stays_in_place() -> None:
    graph = chain(2)
    graph.outputs.append(graph.ops[0].output)
    assert not put_idle_channels_last(graph)


def test_the_shipped_model_has_some() -> None:
    program = build(ZOO, ZOO.read_bytes(), Options(optimize="speed"), shuffles=1)
    channels = {op.name: op.output.hwc[2] for op in program.graph.ops}
    assert channels["conv1"] == channels["conv_dw_1"] == 6 and channels["conv_pw_1"] == 14
    assert {op.name for op in program.graph.ops if op.output.idle} >= {"conv_pw_1", "conv_pw_2"}  # 13 and 29 are used
    assert sum(op.macs for op in program.graph.ops) == 20_819_776
