"""A network with two outputs, a score and grades, and its card."""

from __future__ import annotations

import hashlib

from model.card import Card
from model.compiler.tests.cases_networks import Net
from model.compiler.tests.maker import Maker
from model.judgement import Judgement


def two_outputs(kind: str = "LOGISTIC", size: int = 8, stride: int = 2, seed: int = 3) -> bytes:
    """A network of square pictures with a sigmoid (or a TANH, of another scale) of one value and a softmax of three."""
    n = Net(Maker(seed))
    build_ = n.m.build
    x = build_.tensor("picture", (1, size, size, 3), scale=1 / 128, zero_point=0)
    y = n.conv(x, 8, stride=stride)
    pooled = n.value((1, 8), n.scale_of(y) / 2)
    build_.op("MEAN", [y, n.m.integers([1, 2])], [pooled])
    one, three = n.dense(pooled, 1), n.dense(pooled, 3)
    scale, zero_point = (1 / 256, -128) if kind == "LOGISTIC" else (1 / 128, 0)
    score = build_.tensor("score", (1, 1), scale=scale, zero_point=zero_point)
    grades = build_.tensor("grades", (1, 3), scale=1 / 256, zero_point=-128)
    build_.op(kind, [one], [score])
    build_.op("SOFTMAX", [three], [grades], beta=1.0)
    return build_.finish([x], [score, grades])


def graded_card(blob: bytes, size: int = 8, **changes: object) -> Card:
    """Of ``two_outputs``; without a self-test unless ``changes`` say otherwise."""
    fields = {
        "id": "graded",
        "title": "Graded",
        "file": "model.tflite",
        "sha256": hashlib.sha256(blob).hexdigest(),
        "labels": ("score", "S", "Q", "X"),
        "macs": 0,
        "parameters": 0,
        "input_shape": (size, size, 3),
        "input_scale": 1 / 128,
        "input_zero_point": 0,
        "output_scale": 1 / 256,
        "output_zero_point": -128,
        "thresholds": (0, 0, 0, 0),
        "self_test_pattern": "none",
        "self_test_expected": (0, 0, 0, 0),
        "output_sizes": (1, 3),
        "judgement": Judgement(("S", "Q", "X"), "score", {"trusted": 100, "neutral": 0}),
    }
    return Card(**{**fields, **changes})  # type: ignore[arg-type]
