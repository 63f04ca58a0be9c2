"""Which kind of model a path is, and what there is to know of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from model.card import FILE_NAME
from model.compiler.card import open_model
from model.errors import CrosscamError
from model.inspection.facts import Facts
from model.inspection.keras_file import inspect_keras
from model.inspection.onnx_file import inspect_onnx
from model.inspection.saved_model import FILE as SAVED_MODEL
from model.inspection.saved_model import inspect_saved_model
from model.inspection.tflite_file import inspect_tflite

KINDS: dict[str, Callable[[Path], Facts]] = {
    "tflite": inspect_tflite,
    "keras": inspect_keras,
    "saved model": inspect_saved_model,
    "onnx": inspect_onnx,
}
_HDF5 = b"\x89HDF\r\n\x1a\n"
_ZIP = b"PK\x03\x04"


def inspect(path: Path) -> Facts:
    """Facts of a model: a .tflite, a folder with its card, a .keras or .h5, a SavedModel's folder, an .onnx.

    Raises:
        CrosscamError: there is none, or it is damaged or carries code; one line says which.
    """
    kind, path = kind_of(path)
    return KINDS[kind](path)


def kind_of(path: Path) -> tuple[str, Path]:
    """Of ``KINDS``, by what the file begins with (ONNX, which begins with anything: by its name), and the model's path.

    Raises:
        CrosscamError: no such file, or of no kind that is known.
    """
    if path.is_dir():
        if (path / SAVED_MODEL).exists():
            return "saved model", path
        if (path / FILE_NAME).exists():
            return "tflite", open_model(path)[0]
        raise CrosscamError(f"{path}: neither a {FILE_NAME} nor a {SAVED_MODEL} in this folder; name a model")
    if path.name == FILE_NAME:
        return "tflite", open_model(path)[0]
    if path.name == SAVED_MODEL:
        return "saved model", path.parent
    try:
        if path.exists() and not path.is_file():
            raise CrosscamError(f"{path}: not a plain file; name a model")
        with path.open("rb") as file:
            start = file.read(8)
    except FileNotFoundError as error:
        raise CrosscamError(f"{path}: no such model; name a .tflite, .keras, .h5, .onnx or a folder") from error
    except (OSError, ValueError) as error:
        raise CrosscamError(f"{path}: cannot be read ({getattr(error, 'strerror', None) or error})") from error
    if start[4:8] == b"TFL3" or path.suffix == ".tflite":
        return "tflite", path
    if start == _HDF5 or (start.startswith(_ZIP) and path.suffix == ".keras"):
        return "keras", path
    if path.suffix == ".onnx":
        return "onnx", path
    raise CrosscamError(f"{path}: no model that is known here; expected a .tflite, .keras, .h5, .onnx or a SavedModel")
