"""Scores by LiteRT's optimised kernels: of networks too large for the reference ones, and for the board."""

from __future__ import annotations

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray


def optimised_scores(content: bytes, pictures: NDArray[np.int8]) -> NDArray[np.int8]:
    """``int8[n, outputs]`` of camera-path pictures ``int8[n, h, w, 3]``, all outputs of the ``.tflite`` end to end.

    The optimised kernels round some operations otherwise than the reference ones: scores differ by a step here and
    there, so these are for areas and shares, never to be held against a board.
    """
    interpreter = Interpreter(model_content=content)
    interpreter.allocate_tensors()
    (source,) = interpreter.get_input_details()
    outputs = [details["index"] for details in interpreter.get_output_details()]
    rows = []
    for picture in pictures:
        interpreter.set_tensor(source["index"], picture[None])
        interpreter.invoke()
        rows.append(np.concatenate([interpreter.get_tensor(index).reshape(-1) for index in outputs]))
    return np.stack(rows)
