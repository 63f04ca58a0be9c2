"""A model file of one kind to one of another: what can be done, and why the rest cannot."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.compiler.compile import Options, compile_model
from model.compiler.wasm import build_wasm
from model.conversion.samples import find_pictures, of_array, of_pictures
from model.errors import CrosscamError
from model.extras import missing
from model.files import whole, write_bytes
from model.inspection.inspect import kind_of
from model.inspection.quiet import quiet_stderr

TENSORFLOW = "tensorflow"
Size = tuple[int, int] | None


@dataclass(frozen=True)
class Wish:
    """What is wanted of a ``.tflite``: its form, for int8 where samples come from and how pictures are scaled, and the
    height and width of pictures whose size the model leaves free."""

    form: str = "int8"
    pictures: Path | None = None
    samples: Path | None = None
    scaling: str = "symmetric"
    size: Size = None


@dataclass(frozen=True)
class Made:
    """What was written; ``difference``: of int8 outputs from float ones on the samples, mean and largest, in shares of
    the float outputs' range; None for other forms."""

    paths: list[Path]
    difference: tuple[float, float] | None = None


def convert(source: Path, target: Path, wish: Wish) -> Made:
    """Write ``source`` as what the name of ``target`` says: NAME.tflite, NAME.wasm, or a folder for C.

    Raises:
        CrosscamError: this cannot be made of that, an input is missing or bad, or a needed package is not there;
            nothing is written then.
    """
    kind, path = kind_of(source)
    if target.suffix == ".tflite":
        if kind == "tflite":
            raise CrosscamError(
                f"{source}: is a .tflite already; its weights are rounded, so another form has to come from the Keras, "
                "SavedModel or ONNX it was made of"
            )
        return _tflite(kind, path, target, wish)
    if kind != "tflite":
        raise CrosscamError(f"{target}: C and WebAssembly are made of a .tflite; convert {source} to one first")
    if target.suffix == ".wasm":
        with tempfile.TemporaryDirectory(prefix="crosscam-wasm-") as scratch:
            report = compile_model(source, Path(scratch))
            module = build_wasm(Path(scratch), [layer.kernel for layer in report.layers])
            with whole(target) as part:
                shutil.copyfile(module, part)
        return Made([target])
    if target.suffix not in ("", ".c"):
        raise CrosscamError(f"{target}: expected NAME.tflite, NAME.wasm, or the name of a folder for C files")
    return Made(compile_model(source, target, options=Options()).files)


def _tflite(kind: str, path: Path, target: Path, wish: Wish) -> Made:
    try:
        with quiet_stderr():
            import tensorflow  # noqa: F401
    except ImportError:
        raise missing(TENSORFLOW) from None
    from model.conversion.converter import to_tflite

    function, shapes = _FUNCTIONS[kind](path, wish.size)
    if wish.form != "int8":
        write_bytes(target, _named(path, lambda: to_tflite(function, shapes, wish.form)))
        return Made([target])
    samples = _samples(path, shapes, wish)
    blob = _named(path, lambda: to_tflite(function, shapes, "int8", lambda: _each(samples)))
    difference = _difference(path, function, blob, samples)
    write_bytes(target, blob)
    return Made([target], difference)


def _named(path: Path, action: Callable[[], bytes]) -> bytes:
    try:
        return action()
    except CrosscamError as error:
        raise error if str(error).startswith(str(path)) else CrosscamError(f"{path}: {error}") from error


def _samples(path: Path, shapes: Sequence[tuple[int, ...]], wish: Wish) -> list[NDArray[np.float32]]:
    if len(shapes) != 1:
        raise CrosscamError(f"{path}: has {len(shapes)} inputs; int8 is made of networks with one")
    if wish.samples is not None:
        return of_array(wish.samples, shapes[0])
    if wish.pictures is None:
        raise CrosscamError(
            f"{path}: int8 needs inputs that show the ranges of values: give --pictures FOLDER (photographs like those "
            "the camera will see) or --samples FILE.npy"
        )
    try:
        return of_pictures(find_pictures(wish.pictures), shapes[0], wish.scaling)
    except CrosscamError as error:
        raise CrosscamError(f"{path}: {error}") from error


def _each(samples: list[NDArray[np.float32]]) -> Iterator[list[NDArray[Any]]]:
    for sample in samples:
        yield [sample]


def _keras(path: Path, size: Size) -> tuple[Callable[..., Any], list[tuple[int, ...]]]:
    from model.inspection.keras_file import load_keras

    model = load_keras(path)
    listed = len(model.inputs) > 1
    shapes = [_fixed(path, each.name, tuple(each.shape), size) for each in model.inputs]
    return lambda *inputs: model(list(inputs) if listed else inputs[0], training=False), shapes


def _saved_model(folder: Path, size: Size) -> tuple[Callable[..., Any], list[tuple[int, ...]]]:
    import tensorflow as tf

    from model.inspection.saved_model import SIGNATURE, read_signature, without_optimizer

    described, _ = read_signature(folder)
    try:
        with quiet_stderr(), tempfile.TemporaryDirectory(prefix="crosscam-saved-") as scratch:
            loaded = tf.saved_model.load(str(without_optimizer(folder, Path(scratch))))
            signature = loaded.signatures[SIGNATURE]
    except Exception as error:  # TensorFlow raises anything at damaged variables
        raise CrosscamError(f"{folder}: TensorFlow cannot load it ({type(error).__name__})") from error
    names, outputs = sorted(described.inputs), sorted(described.outputs)
    specs = signature.structured_input_signature[1]
    shapes = [_fixed(folder, name, tuple(specs[name].shape.as_list()), size) for name in names]

    def function(*inputs: Any) -> list[Any]:
        made = signature(**dict(zip(names, inputs, strict=True)))
        return [made[name] for name in outputs]

    function.loaded = loaded  # type: ignore[attr-defined]  # its variables live as long as the function
    return function, shapes


def _onnx(path: Path, size: Size) -> tuple[Callable[..., Any], list[tuple[int, ...]]]:
    from model.inspection.onnx_file import read_onnx

    read_onnx(path)  # says what is missing
    from model.conversion.onnx_graph import Network

    network = Network(path, size)
    return network, network.shapes


_FUNCTIONS = {"keras": _keras, "saved model": _saved_model, "onnx": _onnx}


def _fixed(path: Path, name: str, shape: tuple[int | None, ...], size: Size) -> tuple[int, ...]:
    sizes = (1, *shape[1:])
    if size is not None and len(shape) == 4 and shape[1:3] == (None, None):
        sizes = (1, *size, shape[3])
    if None in sizes:
        raise CrosscamError(
            f"{path}: input '{name}' has free sizes {list(shape)}; give a picture's by --size HEIGHTxWIDTH, or save it "
            "with fixed ones (batch 1)"
        )
    return tuple(int(size or 1) for size in sizes)


_COMPARED = 32


def _difference(
    path: Path, function: Callable[..., Any], blob: bytes, samples: list[NDArray[np.float32]]
) -> tuple[float, float]:
    """Of the first output, on up to ``_COMPARED`` samples."""
    from model.evaluation.repair import reference_interpreter

    interpreter, _ = reference_interpreter(path, blob)
    source, output = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    pairs = []
    for sample in samples[:_COMPARED]:
        scale, zero_point = source["quantization"]
        stored = np.clip(np.round(sample / scale) + zero_point, -128, 127).astype(np.int8)
        interpreter.set_tensor(source["index"], stored)
        interpreter.invoke()
        out_scale, out_zero = output["quantization"]
        low = (interpreter.get_tensor(output["index"]).astype(np.float64) - out_zero) * out_scale
        made = function(sample)
        high = np.asarray(made[0] if isinstance(made, (list, tuple)) else made, np.float64)
        pairs.append((low.reshape(-1), high.reshape(-1)))
    lows, highs = (np.stack(each) for each in zip(*pairs, strict=True))
    span = float(np.ptp(highs)) or 1.0
    return float(np.abs(lows - highs).mean() / span), float(np.abs(lows - highs).max() / span)
