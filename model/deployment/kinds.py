"""``model.networks.kinds`` and ``architectures`` as int8 ``.tflite``, weights drawn by chance: to measure kernels on.

``python -m model.deployment.kinds -o build/kinds [NAME...]``
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from model.deployment.quantization import convert
from model.errors import CrosscamError, exit_status
from model.files import whole
from model.networks.architectures import ARCHITECTURES
from model.networks.kinds import KINDS

SEED = 13
NETWORKS = {**KINDS, **ARCHITECTURES}
"""Every network that a file can be made of, by name."""
BATCHES, BATCH = 4, 16  # for the moving statistics
REPRESENTATIVE = 16


def int8_kind(name: str) -> bytes:
    """The int8 ``.tflite`` of a kind.

    Weights are Keras' own random ones; normalisations get scales and offsets by chance and the statistics of random
    inputs, so that values keep the spread they have in a trained network.

    Raises:
        CrosscamError: there is no such kind.
    """
    if name not in NETWORKS:
        raise CrosscamError(f"no network kind {name!r}: expected one of {', '.join(NETWORKS)}")
    keras.backend.clear_session()
    keras.utils.set_random_seed(SEED)
    model = NETWORKS[name]()
    generator = np.random.default_rng(SEED)
    shape = tuple(int(size) for size in model.input_shape[1:])
    _normalize(model, generator, shape)
    samples = _samples(generator, REPRESENTATIVE, shape)

    def representative() -> Iterator[list[NDArray[np.float32]]]:
        for sample in samples:
            yield [sample[None]]

    return convert(model, representative)


def write_kinds(folder: Path, names: Sequence[str] = tuple(KINDS)) -> list[Path]:
    """The files ``NAME.tflite`` in ``folder``, in the order of ``names``.

    Raises:
        CrosscamError: an unknown name, or a folder that cannot be written to.
    """
    paths = []
    for name in names:
        content = int8_kind(name)
        with whole(folder / f"{name}.tflite") as part:
            part.write_bytes(content)
        paths.append(folder / f"{name}.tflite")
    return paths


def _normalize(model: keras.Model, generator: np.random.Generator, shape: tuple[int, ...]) -> None:
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.5
            gamma, beta, *statistics = layer.get_weights()
            gamma = generator.uniform(0.5, 1.5, gamma.shape)
            beta = generator.normal(0, 0.3, beta.shape)
            layer.set_weights([gamma, beta, *statistics])
    for _ in range(BATCHES):
        model(_samples(generator, BATCH, shape), training=True)


def _samples(generator: np.random.Generator, count: int, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Values between -1 and 1, neighbours in every direction alike, as in a picture."""
    coarse = generator.uniform(-1, 1, (count, *(-(-size // 4) for size in shape[:-1]), shape[-1]))
    for axis, size in enumerate(shape[:-1], start=1):
        coarse = np.repeat(coarse, 4, axis=axis).take(range(size), axis=axis)
    values = 0.7 * coarse + 0.3 * generator.uniform(-1, 1, (count, *shape))
    return values.astype(np.float32)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the files; exit status 2 on bad input."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    parser = argparse.ArgumentParser(prog="python -m model.deployment.kinds", description=main.__doc__)
    parser.add_argument("names", metavar="NAME", nargs="*", default=list(KINDS), help=f"of {', '.join(NETWORKS)}")
    parser.add_argument("-o", "--out", type=Path, default=Path("build/kinds"), help="folder for the files")
    parser.add_argument("--architectures", action="store_true", help="the networks of crosscam bench-models instead")
    options = parser.parse_args(arguments)
    if options.architectures:
        options.names = list(ARCHITECTURES)
    return exit_status(lambda: _write(options))


def _write(options: argparse.Namespace) -> None:
    for path in write_kinds(options.out, options.names):
        print(f"{path}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    sys.exit(main())
