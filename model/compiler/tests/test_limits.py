"""A file may claim anything: what no model has is refused before it costs time or memory."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

import model.compiler.limits
from model.compiler.compile import build
from model.compiler.tests.test_errors import tiny
from model.compiler.tests.tflite_builder import TfliteBuilder
from model.errors import LONGEST_MESSAGE, CrosscamError


def refusal(blob: bytes) -> str:
    """The message of a network that is refused, at once and in one line."""
    began = time.process_time()  # of this process alone: machines are busy
    with pytest.raises(CrosscamError) as caught:
        build(Path("model.tflite"), blob)
    assert time.process_time() - began < 5
    assert len(str(caught.value)) <= LONGEST_MESSAGE and str(caught.value).isprintable()
    return str(caught.value)


def copied(shape: tuple[int, ...], name: str = "x") -> bytes:
    """One RESHAPE of a tensor into another of the same shape."""
    f = TfliteBuilder()
    x, y = f.tensor(name, shape, scale=0.5), f.tensor("y", shape, scale=0.5)
    f.op("RESHAPE", [x], [y])
    return f.finish([x], [y])


def test_a_tensor_larger_than_any_memory() -> None:
    assert "tensor 'x' of shape [1, 65536, 65536, 3] is too large for this target" in refusal(
        copied((1, 65536, 65536, 3))
    )


def test_a_tensor_of_many_dimensions() -> None:
    assert "a tensor of 5,000 dimensions, expected at most 8" in refusal(copied((2,) * 5000))


def test_a_name_without_end() -> None:
    assert "a name of 100,000 bytes, expected at most 4,000" in refusal(copied((1, 4), "n" * 100_000))


def test_a_name_of_several_lines_stays_one() -> None:
    f = TfliteBuilder()
    x, y = f.tensor("a\nb\x1b[2J", (1, 4), scale=0.5), f.tensor("c\r\n" * 300, (1, 4), scale=0.5)
    f.op("LOCAL_RESPONSE_NORMALIZATION", [x], [y])
    refusal(f.finish([x], [y]))


def test_more_operators_than_any_model_has() -> None:
    f = TfliteBuilder()
    x = last = f.tensor("x", (1, 4), scale=0.5)
    for _ in range(4097):
        last, before = f.tensor("y", (1, 4), scale=0.5), last
        f.op("RESHAPE", [before], [last])
    assert "4,097 operators, expected at most 4,096" in refusal(f.finish([x], [last]))


def test_many_tensors_of_one_large_buffer(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small file, but each tensor would be a copy of the buffer."""
    monkeypatch.setattr(model.compiler.limits, "MOST_CONSTANTS", 1 << 20)
    f = TfliteBuilder()
    x = last = f.tensor("x", (1, 256), scale=0.5)
    first = f.tensor("w", (256, 256), scale=0.5, data=np.ones((256, 256), np.int8))
    for _ in range(17):
        weights = f.tensor("w", (256, 256), scale=0.5)
        f.tensors[weights].buffer = f.tensors[first].buffer
        last, before = f.tensor("y", (1, 256), scale=0.5), last
        f.op("FULLY_CONNECTED", [before, weights], [last])
    assert "more than 1,048,576 bytes" in refusal(f.finish([x], [last]))


@pytest.mark.parametrize("word", [0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF])
def test_no_word_of_a_file_ends_in_anything_but_one_line(word: int) -> None:
    """Each aligned word replaced: it compiles, or is refused."""
    blob = tiny()
    for place in range(0, len(blob) - 3, 4):
        damaged = blob[:place] + word.to_bytes(4, "little") + blob[place + 4 :]
        try:
            build(Path("model.tflite"), damaged)
        except CrosscamError as error:
            assert len(str(error)) <= LONGEST_MESSAGE and str(error).isprintable()
