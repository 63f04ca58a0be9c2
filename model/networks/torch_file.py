"""Reads the arrays of a state dictionary that PyTorch saved in its format before 1.6, without running code of the file.

Such a file is five pickles (magic number, protocol version, sizes of the system, the dictionary, the keys of its
storages) and then, for each key, a count of elements and the elements. Pickles can name any function to be called; the
unpickler here knows the four names such a dictionary needs and refuses all others, and what it calls for them only
takes notes.
"""

from __future__ import annotations

import io
import pickle
import struct
from collections import OrderedDict
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.errors import CrosscamError, shown
from model.reading import MEGABYTE, UnreadableError, plain_bytes, reason_of

_MAGIC = 0x1950A86A20F9469CFC6C
_PROTOCOL = 1001
_AT_MOST = 512 * MEGABYTE
_MOST_ARRAYS = 100_000
_TYPES = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}
_DAMAGE = (pickle.UnpicklingError, struct.error, EOFError, ValueError, TypeError, KeyError, IndexError, AttributeError)


@dataclass(frozen=True)
class _Storage:
    key: str
    kind: str


@dataclass(frozen=True)
class _Array:
    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def _array(storage: Any, offset: Any, shape: Any, strides: Any, *_: Any) -> _Array:
    sizes = (offset, *shape, *strides)
    if (
        not isinstance(storage, _Storage)
        or len(shape) != len(strides)
        or not all(type(n) is int and n >= 0 for n in sizes)
    ):
        raise ValueError("an array without a storage, a shape or strides")
    return _Array(storage, offset, tuple(shape), tuple(strides))


class _Notes(pickle.Unpickler):
    """Takes notes of arrays and storages; knows no other names."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _array
        if module == "torch" and name in _TYPES:
            return name
        raise UnreadableError(f"it calls {shown(f'{module}.{name}')}, which no dictionary of arrays needs")

    def persistent_load(self, pid: Any) -> _Storage:
        _, kind, key, _, _, *_ = pid
        if kind not in _TYPES or not isinstance(key, str):
            raise ValueError("a storage of another kind")
        return _Storage(key, kind)


def read_torch(path: Path) -> dict[str, NDArray[np.float32]]:
    """The float32 arrays by name; counters (int64) are left out.

    Raises:
        CrosscamError: missing or damaged file, one of another format, or one that calls other functions.
    """
    try:
        content = plain_bytes(path, _AT_MOST)
        return _read(content)
    except (OSError, UnreadableError) as error:
        raise CrosscamError(f"{path}: not taken for a PyTorch state dictionary: {reason_of(error)}") from error
    except (*_DAMAGE, OverflowError, MemoryError, RecursionError) as error:
        raise CrosscamError(
            f"{path}: not a state dictionary as PyTorch before 1.6 saved it, or damaged ({type(error).__name__})"
        ) from error


def _read(content: bytes) -> dict[str, NDArray[np.float32]]:
    file = io.BytesIO(content)
    magic, protocol, _system, found, keys = (_Notes(file).load() for _ in range(5))
    if magic != _MAGIC or protocol != _PROTOCOL or not isinstance(found, dict) or not isinstance(keys, list):
        raise ValueError("other numbers at its beginning")
    arrays = {name: array for name, array in found.items() if isinstance(name, str) and isinstance(array, _Array)}
    if len(arrays) > _MOST_ARRAYS:
        raise ValueError("too many arrays")
    kinds = {array.storage.key: array.storage.kind for array in arrays.values()}
    storages: dict[str, NDArray[Any]] = {}
    for key in keys:
        (count,) = struct.unpack("<q", file.read(8))
        kind = _TYPES[kinds[key]]
        start = file.tell()
        if not 0 <= count <= (len(content) - start) // kind.itemsize:
            raise EOFError("the file ends within a storage")
        storages[key] = np.frombuffer(content, kind, count, start)
        file.seek(start + count * kind.itemsize)
    return {name: _view(array, storages) for name, array in arrays.items() if array.storage.kind == "FloatStorage"}


def _view(array: _Array, storages: dict[str, NDArray[Any]]) -> NDArray[np.float32]:
    storage = storages[array.storage.key]
    last = array.offset + sum((size - 1) * stride for size, stride in zip(array.shape, array.strides, strict=True))
    if prod(array.shape) > storage.size or (prod(array.shape) and last >= storage.size):
        raise ValueError("an array beyond its storage")
    strides = [stride * storage.itemsize for stride in array.strides]
    view = np.lib.stride_tricks.as_strided(storage[array.offset :], array.shape, strides)
    return np.ascontiguousarray(view, np.float32)
