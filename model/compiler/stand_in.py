"""The card of a model that has none: labels by number, and a self-test whose scores LiteRT's reference kernels give."""

from __future__ import annotations

import hashlib
from pathlib import Path

from model.card import Card
from model.compiler.ir import Graph, Tensor
from model.errors import CrosscamError
from model.preprocessing import camera_path
from model.selftest import PATTERN, xor_frame

MOST_LABELS = 1000  # more outputs than that are no scores one would name


def stand_in_card(path: Path, blob: bytes, graph: Graph) -> Card:
    """A card for the model at ``path``, from what is known of it; thresholds are 0.

    ``graph`` may have its edges cut: the self-test is of what is left. Where the input is no picture in int8 or the
    output no int8, there is no self-test (pattern "none").
    """
    source, output = graph.input, graph.output
    count = output.size if output.size <= MOST_LABELS else 1
    expected = _expected(path, graph) if count == output.size else None
    return Card(
        id=path.stem,
        title=path.stem,
        file=path.name,
        sha256=hashlib.sha256(blob).hexdigest(),
        labels=tuple(f"score_{number}" for number in range(count)),
        macs=sum(op.macs for op in graph.ops),
        parameters=0,
        input_shape=source.hwc,
        input_scale=_scale(source),
        input_zero_point=source.zero_point,
        output_scale=_scale(output),
        output_zero_point=output.zero_point,
        thresholds=(0,) * count,
        self_test_pattern="none" if expected is None else PATTERN,
        self_test_expected=(0,) * count if expected is None else expected,
        folder=path.parent,
    )


def _scale(tensor: Tensor) -> float:
    return tensor.scale if len(tensor.scales) else 1.0


def _expected(path: Path, graph: Graph) -> tuple[int, ...] | None:
    """The scores of the self-test's picture; None where the model takes none, or LiteRT does not take the model."""
    source, output = graph.input, graph.output
    picture = len(source.shape) == 4 and source.shape[0] == 1 and source.shape[3] in (1, 3)
    if len(graph.inputs) != 1 or not picture or (source.dtype, output.dtype) != ("int8", "int8"):
        return None
    from model.evaluation.reference import Reference

    try:
        return tuple(int(score) for score in Reference(path).scores(camera_path(xor_frame(), *source.hwc)))
    except CrosscamError:
        return None
