"""Keras models, .keras or .h5, opened only when every object in them is Keras' own and none carries code.

Keras builds whatever class a file names; a Lambda layer holds Python's machine code. So the description is read as
JSON and each class and module held against what Keras itself has before Keras sees the file.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from model.archives import member, open_archive
from model.card import MODEL_AT_MOST
from model.errors import CrosscamError, shown
from model.extras import missing
from model.inspection.facts import End, Facts, convolution_macs, digest, not_compiled
from model.inspection.keras_room import room_for
from model.inspection.quiet import quiet_stderr
from model.reading import DEEPEST, MEGABYTE

_CONFIG_AT_MOST = 32 * MEGABYTE
_MODULES = re.compile(
    r"keras(\.(layers|models|initializers|regularizers|constraints|activations|dtype_policies|quantizers))?"
    r"|keras\.src\.models\.(functional|sequential|model)"
)
_OPERATIONS = re.compile(r"keras\.src\.ops\.(numpy|nn|math|image|linalg)")
"""Of a network written with operators, such as ``x * y``: classes of these modules, not their functions."""
_CARRIES_CODE = frozenset({"Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer", "__lambda__"})
_DATA = frozenset({"__keras_tensor__", "__tensor__", "__numpy__", "__ellipsis__", "__slice__", "__tuple__"})
_DEEPEST = 4 * DEEPEST
_SIZES = ("units", "filters", "input_dim", "output_dim", "kernel_size", "depth_multiplier")
_LARGEST = 1 << 15
"""Of ``_SIZES``: Keras makes room for the weights a file describes before it looks for them."""


def inspect_keras(path: Path) -> Facts:
    """Facts of a .keras or .h5 file.

    Raises:
        CrosscamError: as ``load_keras``.
    """
    model = load_keras(path)
    layers = list(_layers(model))
    macs = [_macs(layer) for layer in layers]
    size, sha256 = digest([path])
    unknown = sorted({type(layer).__name__ for layer, count in zip(layers, macs, strict=True) if count is None})
    return Facts(
        file=str(path),
        kind="keras",
        bytes=size,
        sha256=sha256,
        inputs=tuple(_end(tensor) for tensor in model.inputs),
        outputs=tuple(_end(tensor) for tensor in model.outputs),
        operators=dict(Counter(type(layer).__name__ for layer in layers).most_common()),
        tensors=len({weight.path for weight in model.weights}),
        parameters=int(model.count_params()),
        macs=None if unknown else sum(count or 0 for count in macs),
        board=not_compiled("Keras"),
        notes=(f"MACs of {', '.join(unknown)} are not known",) if unknown else (),
    )


def load_keras(path: Path) -> Any:
    """The ``keras.Model`` with its weights; nothing of the file was run.

    Raises:
        CrosscamError: TensorFlow is missing; the file is damaged, too large when unpacked, holds code or objects that
            are not Keras' own, or has no fixed structure.
    """
    try:
        import h5py

        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        with quiet_stderr():
            import keras
    except ImportError as error:
        raise missing(error.name or "keras") from None
    try:
        with tempfile.TemporaryDirectory(prefix="crosscam-keras-") as scratch:
            is_hdf5 = h5py.is_hdf5(path)
            checked, stored = _checked_hdf5(path, Path(scratch)) if is_hdf5 else _checked_archive(path)
            with quiet_stderr(), room_for(path, stored):
                model = keras.models.load_model(checked, compile=False, safe_mode=True)
        _ = model.inputs, model.outputs
        return model
    except CrosscamError:
        raise
    except Exception as error:  # Keras and HDF5 raise anything at a damaged file
        reason = " ".join(str(error).split())[:140]
        raise CrosscamError(f"{path}: Keras cannot load it ({type(error).__name__}: {reason})") from error


def _checked_archive(path: Path) -> tuple[Path, int]:
    """The file, and how many values its weights have."""
    import h5py

    stored = 0
    with open_archive(path) as archive:
        check_config(path, _config(path, member(path, archive, "config.json", _CONFIG_AT_MOST)))
        for name in (each.filename for each in archive.infolist() if each.filename.endswith(".h5")):
            with archive.open(name) as raw, h5py.File(raw, "r") as file:
                stored += _check_weights(path, file)
    return path, stored


def _checked_hdf5(path: Path, scratch: Path) -> tuple[Path, int]:
    """The file, or a copy in ``scratch`` without what Keras 2 wrote and Keras 3 refuses, and how many values its
    weights have."""
    import h5py

    with h5py.File(path, "r") as file:
        config = _config(path, _text(path, file.attrs.get("model_config")))
        check_config(path, config)
        stored = _check_weights(path, file)
    if not _modernize(config):
        return path, stored
    copy = scratch / "model.h5"
    shutil.copyfile(path, copy)
    with h5py.File(copy, "r+") as file:
        file.attrs["model_config"] = json.dumps(config)
    return copy, stored


def _modernize(config: dict[str, Any]) -> bool:
    """Take ``groups`` = 1 off DepthwiseConv2D, which has no such argument in Keras 3; whether there was one."""
    changed = False
    stack: list[Any] = [config]
    while stack:
        item = stack.pop()
        stack.extend(item.values() if isinstance(item, dict) else item if isinstance(item, list) else ())
        if isinstance(item, dict) and item.get("class_name") == "DepthwiseConv2D":
            inner = item.get("config")
            if isinstance(inner, dict) and inner.get("groups") == 1:
                del inner["groups"]
                changed = True
    return changed


def _text(path: Path, config: object) -> bytes:
    if isinstance(config, str):
        return config.encode()
    if isinstance(config, bytes):
        return config
    raise CrosscamError(f"{path}: weights without a model (no model_config); save the whole model")


def _config(path: Path, text: bytes) -> dict[str, Any]:
    try:
        config = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise CrosscamError(f"{path}: its description is no JSON ({error}); save the model again") from error
    if not isinstance(config, dict):
        raise CrosscamError(f"{path}: its description is no table; save the model again")
    return {key: value for key, value in config.items() if key != "compile_config"}


def check_config(path: Path, config: dict[str, Any]) -> None:
    """Refuse a description that names anything but objects of Keras' own, or carries code.

    Raises:
        CrosscamError: that; it names the object.
    """
    stack: list[tuple[Any, int]] = [(config, 0)]
    while stack:
        item, depth = stack.pop()
        if depth > _DEEPEST:
            raise CrosscamError(f"{path}: its description is nested too deep")
        if isinstance(item, list):
            stack.extend((each, depth + 1) for each in item)
        if not isinstance(item, dict):
            continue
        stack.extend((each, depth + 1) for each in item.values())
        if "class_name" in item:
            _check_object(path, item)
        for name in _SIZES:
            sizes = item.get(name)
            for size in sizes if isinstance(sizes, list) else [sizes]:
                if isinstance(size, (int, float)) and size > _LARGEST:
                    raise CrosscamError(f"{path}: {name} of {shown(size)}, expected at most {_LARGEST:,}")


def _check_object(path: Path, item: dict[str, Any]) -> None:
    kind, module, registered = item.get("class_name"), item.get("module"), item.get("registered_name")
    inner = item.get("config")
    name = shown(inner.get("name", kind) if isinstance(inner, dict) else kind, 40)
    if not isinstance(kind, str) or kind in _CARRIES_CODE or kind.rpartition(">")[2] in _CARRIES_CODE:
        raise CrosscamError(
            f"{path}: '{name}' is a {shown(kind)}: it carries code, and no model's code is run; "
            "write it with Keras' layers and save the model again"
        )
    if kind in _DATA:
        return
    foreign = module is not None and not (isinstance(module, str) and _is_own(module, kind))
    if foreign or ">" in kind or (isinstance(registered, str) and ">" in registered):
        of = f"{module}.{kind}" if foreign else registered or kind
        raise CrosscamError(f"{path}: '{name}' is an object of one's own ({shown(of)}); only Keras' own are loaded")


def _is_own(module: str, kind: str) -> bool:
    return bool(_MODULES.fullmatch(module) or (_OPERATIONS.fullmatch(module) and kind[:1].isupper()))


def _check_weights(path: Path, file: Any) -> int:
    """Refuse HDF5 that names other files, or unpacks to more than any model has; how many values it holds."""
    import h5py

    total = values = 0
    stack = [file]
    while stack:
        group = stack.pop()
        for name in group:
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                raise CrosscamError(f"{path}: '{shown(name)}' in it is a link; save the model again")
            item = group[name]
            if isinstance(item, h5py.Group):
                stack.append(item)
                continue
            if item.external or item.is_virtual:
                raise CrosscamError(f"{path}: '{shown(name)}' in it lies in another file; save the model again")
            values += item.size
            total += item.size * item.dtype.itemsize
            if total > MODEL_AT_MOST:
                raise CrosscamError(f"{path}: more than {MODEL_AT_MOST:,} bytes of weights when unpacked")
    return values


def _layers(model: Any) -> Iterator[Any]:
    """All layers and operations, those of models within it too; input layers left out."""
    for layer in getattr(model, "operations", model.layers):
        if hasattr(layer, "layers"):
            yield from _layers(layer)
        elif type(layer).__name__ != "InputLayer":
            yield layer


def _end(tensor: Any) -> End:
    shape = tuple(None if size is None else int(size) for size in tensor.shape)
    return End(str(tensor.name), str(tensor.dtype), shape)


def _macs(layer: Any) -> int | None:
    """Of one layer; None where it multiplies in a way that is not known here."""
    kernels = [weight for weight in getattr(layer, "weights", ()) if len(weight.shape) > 1]
    if not kernels:
        return 0
    kind = type(layer).__name__
    try:
        places = layer.input.shape if "Transpose" in kind else layer.output.shape
    except (AttributeError, ValueError):
        return None
    if not re.fullmatch(r"(Depthwise|Separable)?Conv[123]D(Transpose)?|Dense", kind):
        return None
    total = [convolution_macs(tuple(places), tuple(weight.shape), channels_last=_is_last(layer)) for weight in kernels]
    calls = max(1, len(layer._inbound_nodes))
    return None if None in total else calls * sum(count or 0 for count in total)


def _is_last(layer: Any) -> bool:
    return getattr(layer, "data_format", "channels_last") != "channels_first"
