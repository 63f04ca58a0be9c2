"""The host's word on what a model says: LiteRT's reference kernels, no delegate, one thread.

The optimised kernels and XNNPACK round some int8 operations otherwise; the board is held against the reference ones.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.card import model_bytes
from model.errors import CrosscamError
from model.evaluation.repair import reference_interpreter


class Reference:
    """A ``.tflite`` as the board runs it: one int8 picture in, the first output's int8 scores out.

    A model with uint8 or float32 at its edges is seen from inside: what QUANTIZE makes of its input, and what its
    output is converted from.

    Args:
        path: the ``.tflite`` file.

    Raises:
        CrosscamError: missing file, not a TFLite model, or inputs and outputs of another kind.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        blob = model_bytes(self.path)
        self._interpreter, self.repairs = reference_interpreter(self.path, blob)
        inputs, outputs = self._interpreter.get_input_details(), self._interpreter.get_output_details()
        if len(inputs) != 1:
            raise CrosscamError(f"{self.path}: expected one input, a picture, got {len(inputs)}")
        self._input, self._core_input, self._core_output = inputs[0], inputs[0], outputs[0]
        if inputs[0]["dtype"] != np.int8 or outputs[0]["dtype"] != np.int8:
            self._look_inside(blob)
        for what, details in (("input", self._core_input), ("output", self._core_output)):
            if details["dtype"] != np.int8:
                raise CrosscamError(f"{self.path}: expected an int8 {what}, got {np.dtype(details['dtype']).name}")
        if len(self._core_input["shape"]) != 4 or self._core_input["shape"][0] != 1:
            raise CrosscamError(
                f"{self.path}: expected an input of shape [1, height, width, channels], "
                f"got {self._core_input['shape'].tolist()}"
            )

    def _look_inside(self, blob: bytes) -> None:
        """Find the int8 tensors next to the conversions at the edges, as the compiler finds them."""
        from model.compiler.passes import cut_edges
        from model.compiler.reader import read_graph

        graph = read_graph(self.path, blob)
        cut_edges(graph)
        self._interpreter, _ = reference_interpreter(self.path, blob, preserve_all_tensors=True)
        named = {details["name"]: details for details in self._interpreter.get_tensor_details()}
        self._core_input = named.get(graph.input.name, self._core_input)
        self._core_output = named.get(graph.output.name, self._core_output)

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """Height, width, channels of the input."""
        _, height, width, channels = (int(n) for n in self._core_input["shape"])
        return height, width, channels

    @property
    def input_quantization(self) -> tuple[float, int]:
        """Scale and zero point of the input."""
        return _quantization(self._core_input)

    @property
    def output_quantization(self) -> tuple[float, int]:
        """Scale and zero point of the output."""
        return _quantization(self._core_output)

    def scores(self, image: NDArray[np.int8]) -> NDArray[np.int8]:
        """Scores of one picture: ``int8[height, width, channels]`` in, ``int8[outputs]`` out.

        Raises:
            CrosscamError: the picture has another shape or type than the model's input.
        """
        if image.shape != self.input_shape or image.dtype != np.int8:
            raise CrosscamError(
                f"{self.path}: expected a picture int8{list(self.input_shape)}, got {image.dtype}{list(image.shape)}"
            )
        self._interpreter.set_tensor(self._input["index"], self._outside(image)[None])
        self._interpreter.invoke()
        result: NDArray[np.int8] = self._interpreter.get_tensor(self._core_output["index"]).reshape(-1).copy()
        return result

    def _outside(self, image: NDArray[np.int8]) -> NDArray[Any]:
        """The values at the edge that QUANTIZE makes ``image`` of."""
        scale, zero_point = self.input_quantization
        if self._input["dtype"] == np.float32:
            return (image.astype(np.float32) - np.float32(zero_point)) * np.float32(scale)
        if self._input["dtype"] == np.uint8:
            outer_scale, outer_zero = _quantization(self._input)
            if outer_scale != scale or outer_zero - zero_point != 128:
                raise CrosscamError(
                    f"{self.path}: its uint8 input has another scale than the int8 inside, expected one"
                )
            return (image.astype(np.int16) + 128).astype(np.uint8)
        return image


def _quantization(details: dict[str, Any]) -> tuple[float, int]:
    scale, zero_point = details["quantization"]
    return float(scale), int(zero_point)
