"""The model folder as the compiler's input: its card (model.card) and the .tflite, held against each other."""

from __future__ import annotations

import stat
from pathlib import Path

import numpy as np

from model.card import FILE_NAME, Card, model_bytes, read_card, verify_model_file
from model.compiler.ir import Graph, Tensor
from model.errors import CrosscamError


def open_model(source: Path) -> tuple[Card, bytes]:
    """Card and .tflite bytes of ``source``: a folder with card.toml, that card, or the .tflite beside it.

    Raises CrosscamError when any of it is missing, malformed, or the file is not the one the card describes.
    """
    try:
        mode = source.stat().st_mode
    except (OSError, ValueError) as error:
        raise CrosscamError(
            f"{source}: no such model; give a folder with {FILE_NAME} and its .tflite (model/zoo/NAME)"
        ) from error
    is_folder = stat.S_ISDIR(mode)
    card = read_card(source if is_folder else source.parent)
    if not is_folder and source.name not in (FILE_NAME, card.file):
        raise CrosscamError(f"{source}: the card beside it describes '{card.file}'; give the folder or that file")
    path = verify_model_file(card)
    return card, model_bytes(path)


def check_card(card: Card, graph: Graph) -> None:
    """Hold the card's shapes, labels and quantization against the graph's."""
    if graph.input.shape != (1, *card.input_shape):
        shape = list(graph.input.shape[1:])
        raise CrosscamError(f"{card.model_path}: takes {shape}, its card says [input] shape {list(card.input_shape)}")
    if graph.output.size != len(card.labels):
        raise CrosscamError(
            f"{card.model_path}: gives {graph.output.size} scores, its card has {len(card.labels)} labels"
        )
    _check_quantization(card, "input", graph.input, card.input_scale, card.input_zero_point)
    _check_quantization(card, "output", graph.output, card.output_scale, card.output_zero_point)


def _check_quantization(card: Card, what: str, tensor: Tensor, scale: float, zero_point: int) -> None:
    if np.float32(scale) != np.float32(tensor.scale) or zero_point != tensor.zero_point:
        raise CrosscamError(
            f"{card.model_path}: {what} has scale {tensor.scale} and zero point {tensor.zero_point}, its card says "
            f"{scale} and {zero_point}; write the card again"
        )
