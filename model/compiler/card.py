"""The model folder as the compiler's input: its card (model.card) and the .tflite, held against each other."""

from __future__ import annotations

import stat
from pathlib import Path

import numpy as np

from model.card import FILE_NAME, Card, model_bytes, read_card, verify_model_file
from model.compiler.ir import Graph, Tensor
from model.errors import CrosscamError


def open_model(source: Path) -> tuple[Path, bytes, Card | None]:
    """Path and bytes of the .tflite, and its card; ``source`` is a folder with card.toml, that card, or a .tflite.

    A .tflite that no card beside it describes has None. Raises CrosscamError when any of it is missing, malformed, or
    the file is not the one the card describes.
    """
    try:
        mode = source.stat().st_mode
    except (OSError, ValueError) as error:
        raise CrosscamError(
            f"{source}: no such model; give a .tflite, or a folder with {FILE_NAME} and its .tflite (model/zoo/NAME)"
        ) from error
    if not stat.S_ISDIR(mode) and source.name != FILE_NAME:
        beside = source.parent / FILE_NAME
        card = read_card(beside) if beside.exists() else None
        if card is None or card.file != source.name:
            return source, model_bytes(source), None
    else:
        card = read_card(source if stat.S_ISDIR(mode) else source.parent)
    path = verify_model_file(card)
    return path, model_bytes(path), card


def check_card(card: Card, graph: Graph) -> None:
    """Hold the card's shapes, labels and quantization against the graph's."""
    if graph.input.hwc != card.input_shape:
        shape = list(graph.input.hwc)
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
