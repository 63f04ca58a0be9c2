"""What is known of a model file, whatever wrote it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from math import prod
from pathlib import Path


@dataclass(frozen=True)
class End:
    """An input or output. ``shape``: None where a size is free; ``scale`` and ``zero_point``: None unless quantized."""

    name: str
    type: str
    shape: tuple[int | None, ...]
    scale: float | None = None
    zero_point: int | None = None


@dataclass(frozen=True)
class OnBoard:
    """What the STM32H743 says to it.

    ``firmware``: runs in the camera firmware; ``chip``: runs there on its own. ``arena``, ``ram``, ``flash``: bytes of
    tensors at the peak, of all that is written, of constants, by the plain kernels; None where the model does not
    compile. ``obstacle``: what stands in the way, empty where nothing does.
    """

    firmware: bool
    chip: bool
    arena: int | None = None
    ram: int | None = None
    flash: int | None = None
    obstacle: str = ""
    unsupported: tuple[str, ...] = ()
    """Operators that the compiler has not, by name."""


@dataclass(frozen=True)
class Facts:
    """One model. ``macs``: multiply-accumulates of one run, None where shapes are not known before it."""

    file: str
    kind: str
    bytes: int
    sha256: str
    inputs: tuple[End, ...]
    outputs: tuple[End, ...]
    operators: dict[str, int]
    tensors: int
    parameters: int
    macs: int | None
    board: OnBoard
    notes: tuple[str, ...] = ()


def not_compiled(kind: str) -> OnBoard:
    """Of a model that is no .tflite yet."""
    return OnBoard(
        False, False, obstacle=f"{kind} models are not compiled; `crosscam convert` makes an int8 .tflite of it"
    )


def digest(paths: list[Path]) -> tuple[int, str]:
    """Bytes of files, and SHA-256 of the one, or of the digests of several in the order given."""
    single = [(path.stat().st_size, _sha256(path)) for path in paths]
    if len(single) == 1:
        return single[0][0], single[0][1].hex()
    return sum(size for size, _ in single), hashlib.sha256(b"".join(each for _, each in single)).hexdigest()


def _sha256(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def convolution_macs(output: tuple[int | None, ...], weights: tuple[int, ...], *, channels_last: bool) -> int | None:
    """Of a convolution or a fully connected layer: each place of the output, batch included, times the weights.

    Args:
        output: its shape with batch and channels; None for free sizes, of which the batch counts as 1.
        weights: the kernel's shape.
        channels_last: whether the channels are the output's last axis, else its second.
    """
    places = output[1:-1] if channels_last else output[2:]
    known = [size for size in places if size is not None]
    if len(known) != len(places):
        return None
    return (output[0] or 1 if output else 1) * prod(known) * prod(weights)
