"""Where a backbone's weights come from: ImageNet, MLPerf Tiny's person / no person network, a widened narrower one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
from numpy.typing import NDArray

from model.errors import CrosscamError
from model.networks import folding, network

Arrays = list[NDArray[np.float32]]

WIDENED_FROM = 0.25
"""Alpha of the ImageNet weights that ``widened`` starts from."""


def load(model: keras.Model, kind: str, path: Path | str | None, alpha: float, seed: int) -> None:
    """Fill the backbone of a network as a config's ``backbone`` says.

    Args:
        model: a network of ``model.networks.network.build``.
        kind: ``imagenet``, ``vww``, ``widened``, ``tflite`` (the head as well) or ``none``.
        path: the weights file; unused for ``none``.
        alpha: width multiplier of ``model``.
        seed: of the channels that widening copies.

    Raises:
        CrosscamError: no file given, or one that does not fit.
    """
    if kind == "none":
        return
    if path is None:
        raise CrosscamError("training: no backbone weights; give --weights FILE or set CROSSCAM_WEIGHTS")
    if kind == "vww":
        load_vww(model, path)
    elif kind == "tflite":
        folding.load_tflite(model, path)
    elif kind == "widened":
        narrow = network.build(size=32, alpha=WIDENED_FROM)
        network.load_backbone(narrow, path)
        widen(narrow, model, np.random.default_rng(seed))
    else:
        network.load_backbone(model, path)


def _vww_arrays(path: Path | str) -> dict[str, dict[str, NDArray[np.float32]]]:
    path = Path(path)
    if not path.is_file():
        raise CrosscamError(f"{path}: no such weights file; expected MLPerf Tiny's vww_96.h5")
    try:
        with h5py.File(path, "r") as file:
            group = file["model_weights"]
            found: dict[str, dict[str, NDArray[np.float32]]] = {}

            def visit(name: str, item: Any) -> None:
                if isinstance(item, h5py.Dataset):
                    layer, _, variable = name.rpartition("/")
                    found.setdefault(layer.split("/")[0], {})[variable.removesuffix(":0")] = item[()]

            group.visititems(visit)
    except (OSError, KeyError) as error:
        raise CrosscamError(f"{path}: not MLPerf Tiny's vww_96.h5 ({error})") from error
    return found


def load_vww(model: keras.Model, path: Path | str) -> None:
    """Fill a MobileNetV1 0.25 backbone from MLPerf Tiny's ``vww_96.h5``.

    That network was trained on pictures of 0..1, ours reads -1..1; ``x01 = (x + 1) / 2`` is folded into the first
    convolution. Its convolutions have biases in front of the batch normalisation, which only shift the moving mean.

    Raises:
        CrosscamError: missing or unreadable file, or weights of another shape.
    """
    arrays = _vww_arrays(path)

    def numbered(kind: str, number: int) -> dict[str, NDArray[np.float32]]:
        name = kind if number == 0 else f"{kind}_{number}"
        if name not in arrays:
            raise CrosscamError(f"{path}: holds no layer {name!r}; expected MLPerf Tiny's vww_96.h5")
        return arrays[name]

    def fill(layer: str, kernel: NDArray[np.float32], bias: NDArray[np.float32], norm: int) -> None:
        values = numbered("batch_normalization", norm)
        mean = values["moving_mean"] - bias
        try:
            model.get_layer(layer).set_weights([kernel])
            model.get_layer(f"{layer}_bn").set_weights(
                [values["gamma"], values["beta"], mean, values["moving_variance"]]
            )
        except ValueError as error:
            raise CrosscamError(f"{path}: layer {layer!r} does not fit; its weights are for alpha 0.25") from error

    first = numbered("conv2d", 0)
    kernel = first["kernel"] / 2
    fill("conv1", kernel, first["bias"] + kernel.sum(axis=(0, 1, 2)), 0)
    for block in range(1, len(network.BLOCKS) + 1):
        depthwise, pointwise = numbered("depthwise_conv2d", block - 1), numbered("conv2d", block)
        fill(f"conv_dw_{block}", depthwise["depthwise_kernel"], depthwise["bias"], 2 * block - 1)
        fill(f"conv_pw_{block}", pointwise["kernel"], pointwise["bias"], 2 * block)


def widen(narrow: keras.Model, wide: keras.Model, rng: np.random.Generator) -> None:
    """Fill a wider MobileNetV1 backbone so that it computes what a narrower one does (Net2WiderNet, arXiv:1511.05641).

    Every further channel is a copy of a narrow one; what reads a channel with n copies reads each at 1/n. A hundredth
    of noise on the copies' weights lets them part while training.
    """
    sources: NDArray[np.intp] = np.arange(3)
    for layer in network.backbone_layers(narrow):
        if not layer.weights:
            continue
        target = wide.get_layer(layer.name)
        arrays: Arrays = layer.get_weights()
        if isinstance(layer, keras.layers.DepthwiseConv2D):
            target.set_weights([arrays[0][:, :, sources, :]])
        elif isinstance(layer, keras.layers.Conv2D):
            before, after = arrays[0].shape[-1], int(target.kernel.shape[-1])
            shares = np.bincount(sources, minlength=arrays[0].shape[2])[sources]
            inputs = arrays[0][:, :, sources, :] / shares[None, None, :, None]
            sources = np.concatenate([np.arange(before), rng.integers(before, size=after - before)])
            kernel = inputs[..., sources]
            kernel[..., before:] *= 1 + 0.01 * rng.standard_normal(kernel[..., before:].shape)
            target.set_weights([kernel])
        else:
            target.set_weights([array[sources] for array in arrays])
