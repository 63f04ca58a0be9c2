"""TensorFlow's converter: a function of float tensors to a ``.tflite`` of one of four forms."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import tensorflow as tf
from numpy.typing import NDArray

from model.errors import CrosscamError
from model.inspection.quiet import quiet_stderr

FORMS = ("int8", "float16", "dynamic", "float32")
"""int8 all through; weights as float16; weights as int8 with float activations; as it was trained."""

Samples = Callable[[], Iterator[list[NDArray[Any]]]]
"""Yields the inputs of one run, batch 1, as many times as there are samples."""


def to_tflite(
    function: Callable[..., Any], shapes: Sequence[tuple[int, ...]], form: str, samples: Samples | None = None
) -> bytes:
    """The ``.tflite`` of ``function``; for ``int8`` with int8 inputs and outputs.

    Args:
        function: float32 tensors to a tensor or a list of them; its variables become constants.
        shapes: of its inputs, batch included, all fixed.
        form: one of ``FORMS``.
        samples: for ``int8``: inputs that show the ranges of all values.

    Raises:
        CrosscamError: the converter refuses it; the line says why.
    """
    # Without a trackable object the converter freezes the function's variables into constants, and with a fixed batch
    # of one it folds the reshape's shape arithmetic away.
    names = ["image"] if len(shapes) == 1 else [f"input_{number}" for number in range(len(shapes))]
    signature = [tf.TensorSpec(shape, tf.float32, name=name) for shape, name in zip(shapes, names, strict=True)]
    try:
        with quiet_stderr():
            concrete = tf.function(function, signature, autograph=False).get_concrete_function()
            converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete])
            if form != "float32":
                converter.optimizations = [tf.lite.Optimize.DEFAULT]
            if form == "float16":
                converter.target_spec.supported_types = [tf.float16]
            if form == "int8":
                converter.representative_dataset = samples
                converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
                converter.inference_input_type = converter.inference_output_type = tf.int8
            return bytes(converter.convert())
    except CrosscamError:
        raise
    except Exception as error:  # the converter raises RuntimeError, ValueError, its own and MLIR's
        raise CrosscamError(f"TensorFlow's converter refuses it: {_reason(str(error))}") from error


def _reason(text: str) -> str:
    """The line of the converter's pages that says what is wrong."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if "error:" in line or "ops:" in line.lower() or "not supported" in line]
    return (telling or lines or ["no reason given"])[0].rpartition("error: ")[2][:200]
