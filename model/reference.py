"""The host's word on what a model says: LiteRT's reference kernels, no delegate, one thread.

The optimised kernels and XNNPACK round some int8 operations otherwise; the board is held against the reference ones.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from numpy.typing import NDArray

from model.card import model_bytes
from model.errors import CrosscamError


class Reference:
    """A ``.tflite`` with one int8 picture as input and one int8 score vector as output.

    Args:
        path: the ``.tflite`` file.

    Raises:
        CrosscamError: missing file, not a TFLite model, or inputs and outputs of another kind.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        try:
            self._interpreter = Interpreter(
                model_content=model_bytes(self.path),
                experimental_op_resolver_type=OpResolverType.BUILTIN_REF,
                num_threads=1,
            )
            self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            reason = " ".join(str(error).split())
            raise CrosscamError(f"{self.path}: LiteRT cannot load it as a .tflite model ({reason})") from error
        inputs = self._interpreter.get_input_details()
        outputs = self._interpreter.get_output_details()
        self._input = self._only(inputs, "input")
        self._output = self._only(outputs, "output")
        if len(self._input["shape"]) != 4 or self._input["shape"][0] != 1:
            raise CrosscamError(
                f"{self.path}: expected an input of shape [1, height, width, channels], "
                f"got {self._input['shape'].tolist()}"
            )

    def _only(self, details: list[dict[str, Any]], what: str) -> dict[str, Any]:
        if len(details) != 1 or details[0]["dtype"] != np.int8:
            kinds = ", ".join(np.dtype(d["dtype"]).name for d in details)
            raise CrosscamError(f"{self.path}: expected one int8 {what} tensor, got {len(details)} ({kinds})")
        return details[0]

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """Height, width, channels of the input."""
        _, height, width, channels = (int(n) for n in self._input["shape"])
        return height, width, channels

    @property
    def input_quantization(self) -> tuple[float, int]:
        """Scale and zero point of the input."""
        scale, zero_point = self._input["quantization"]
        return float(scale), int(zero_point)

    @property
    def output_quantization(self) -> tuple[float, int]:
        """Scale and zero point of the output."""
        scale, zero_point = self._output["quantization"]
        return float(scale), int(zero_point)

    def scores(self, image: NDArray[np.int8]) -> NDArray[np.int8]:
        """Scores of one picture: ``int8[height, width, channels]`` in, ``int8[outputs]`` out.

        Raises:
            CrosscamError: the picture has another shape or type than the model's input.
        """
        if image.shape != self.input_shape or image.dtype != np.int8:
            raise CrosscamError(
                f"{self.path}: expected a picture int8{list(self.input_shape)}, got {image.dtype}{list(image.shape)}"
            )
        self._interpreter.set_tensor(self._input["index"], image[None])
        self._interpreter.invoke()
        result: NDArray[np.int8] = self._interpreter.get_tensor(self._output["index"]).reshape(-1).copy()
        return result
