"""Random weights under the names that EfficientNet-Lite0's published ones have."""

from __future__ import annotations

import keras
import numpy as np
from numpy.typing import NDArray

from model.networks import efficientnet_lite as lite


def random_arrays(model: keras.Model) -> dict[str, NDArray[np.float32]]:
    """For the backbone's layers of ``model``, kernels in PyTorch's order: out x in x height x width."""
    rng = np.random.default_rng(1)
    arrays = {}
    for layer in model.layers:
        for name, weight in zip(lite._torch_names(layer.name) if layer.weights else [], layer.weights, strict=True):
            shape = tuple(weight.shape)
            if len(shape) == 4:
                shape = (shape[2], 1, *shape[:2]) if "depthwise" in name else (shape[3], shape[2], *shape[:2])
                arrays[name] = rng.normal(0, 0.3, shape).astype(np.float32)
            else:
                arrays[name] = rng.uniform(0.5, 1.0, shape).astype(np.float32)
    return arrays
