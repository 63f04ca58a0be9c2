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
    """A ``.tflite`` as the board runs it: one int8 picture in, int8 scores out.

    A model with uint8 or float32 at its edges is seen from inside: what QUANTIZE makes of its input, and what its
    output is converted from.

    Args:
        path: the ``.tflite`` file.
        outputs: how many of its outputs, from the first on, hold the scores, one after the other; all of one scale.

    Raises:
        CrosscamError: missing file, not a TFLite model, or inputs and outputs of another kind.
    """

    def __init__(self, path: Path | str, outputs: int = 1) -> None:
        self.path = Path(path)
        blob = model_bytes(self.path)
        self._interpreter, self.repairs = reference_interpreter(self.path, blob)
        inputs, found = self._interpreter.get_input_details(), self._interpreter.get_output_details()
        if len(inputs) != 1:
            raise CrosscamError(f"{self.path}: expected one input, a picture, got {len(inputs)}")
        if len(found) < outputs:
            raise CrosscamError(f"{self.path}: has {len(found)} outputs, expected {outputs}")
        self._input, self._core_input, self._core_outputs = inputs[0], inputs[0], found[:outputs]
        if inputs[0]["dtype"] != np.int8 or any(each["dtype"] != np.int8 for each in self._core_outputs):
            self._look_inside(blob)
        if len({_quantization(each) for each in self._core_outputs}) > 1:
            raise CrosscamError(
                f"{self.path}: its first {outputs} outputs differ in scale, expected one for all scores"
            )
        for what, details in (("input", self._core_input), *(("output", each) for each in self._core_outputs)):
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
        self._core_outputs = [
            named.get(tensor.name, known) for tensor, known in zip(graph.outputs, self._core_outputs, strict=False)
        ]

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
        """Scale and zero point of the scores."""
        return _quantization(self._core_outputs[0])

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
        parts = [self._interpreter.get_tensor(each["index"]).reshape(-1) for each in self._core_outputs]
        return np.concatenate(parts)

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
