"""EfficientNet-Lite0's layers and weights, and the file PyTorch keeps them in, read without running its code."""

from __future__ import annotations

import io
import os
import pickle
import struct
import sys
import types
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model.errors import CrosscamError
from model.networks.torch_file import read_torch

ARRAYS = {
    "_conv_stem.weight": np.arange(24, dtype=np.float32).reshape(2, 3, 4),
    "_bn0.bias": np.array([1.5, -2.0], np.float32),
}


def torch_names(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Modules with the names a state dictionary's pickle refers to."""
    torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")
    torch.FloatStorage = type("FloatStorage", (), {"__module__": "torch"})  # type: ignore[attr-defined]
    utils._rebuild_tensor_v2 = _rebuild  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setitem(sys.modules, "torch._utils", utils)
    monkeypatch.setattr(_rebuild, "__module__", "torch._utils")
    monkeypatch.setattr(_rebuild, "__qualname__", "_rebuild_tensor_v2")
    return torch


def _rebuild(*_: Any) -> None:
    raise AssertionError("called")


class Tensor:
    def __init__(self, key: str, array: np.ndarray, storage: type) -> None:
        self.key, self.array, self.storage = key, array, storage

    def __reduce__(self) -> Any:
        strides = tuple(step // 4 for step in self.array.strides)
        return _rebuild, (Storage(self), 0, self.array.shape, strides, False, OrderedDict())


class Storage:
    def __init__(self, of: Tensor) -> None:
        self.of = of


class Pickler(pickle.Pickler):
    def persistent_id(self, item: Any) -> Any:
        return (
            ("storage", item.of.storage, item.of.key, "cpu", item.of.array.size, None)
            if isinstance(item, Storage)
            else None
        )


def state_file(path: Path, torch: Any, extra: dict[str, Any] | None = None) -> bytes:
    tensors = {name: Tensor(str(at), array, torch.FloatStorage) for at, (name, array) in enumerate(ARRAYS.items())}
    file = io.BytesIO()
    for item in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}):
        pickle.dump(item, file, 2)
    Pickler(file, 2).dump(OrderedDict(tensors | (extra or {})))
    pickle.dump([tensor.key for tensor in tensors.values()], file, 2)
    for tensor in tensors.values():
        file.write(struct.pack("<q", tensor.array.size) + tensor.array.tobytes())
    path.write_bytes(file.getvalue())
    return file.getvalue()


def test_a_state_dictionary_is_read_without_torch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state_file(tmp_path / "a.pth", torch_names(monkeypatch))
    found = read_torch(tmp_path / "a.pth")
    assert set(found) == set(ARRAYS)
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(found[name], array)


class Evil:
    def __reduce__(self) -> Any:
        return os.mkdir, ("made-by-a-pickle",)


def test_no_other_function_is_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    state_file(tmp_path / "a.pth", torch_names(monkeypatch), {"evil": Evil()})
    with pytest.raises(CrosscamError, match=r"it calls .*mkdir, which no dictionary of arrays needs"):
        read_torch(tmp_path / "a.pth")
    assert not (tmp_path / "made-by-a-pickle").exists()


def test_every_cut_of_the_file_is_refused_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = state_file(tmp_path / "a.pth", torch_names(monkeypatch))
    for length in range(0, len(content), 7):
        (tmp_path / "a.pth").write_bytes(content[:length])
        with pytest.raises(CrosscamError, match=r"a\.pth: not a state dictionary"):
            read_torch(tmp_path / "a.pth")


def test_weights_find_their_layers(tmp_path: Path) -> None:
    pytest.importorskip("tensorflow")
    import keras

    from model.networks import efficientnet_lite as lite
    from model.tests.lite_weights import random_arrays

    inputs = keras.Input((16, 16, 3))
    model = keras.Model(inputs, lite.features(inputs, 2))
    rng = np.random.default_rng(1)
    arrays = random_arrays(model)
    assert {"_conv_stem.weight", "_blocks.2._depthwise_conv.weight", "_blocks.1._bn0.running_var"} <= set(arrays)
    np.savez(tmp_path / "w.npz", **arrays)
    lite.load_weights(model, lite.read_weights(tmp_path / "w.npz"), "w.npz")
    stem = keras.Model(inputs, model.get_layer("stem").output)
    picture = rng.normal(size=(1, 16, 16, 3)).astype(np.float32)
    # SAME at stride 2 on an even side pads below and to the right.
    expected = (picture[0, 4:7, 6:9].transpose(2, 0, 1) * arrays["_conv_stem.weight"]).sum(axis=(1, 2, 3))
    np.testing.assert_allclose(stem(picture)[0, 2, 3], expected, rtol=1e-4, atol=1e-5)
    one = model.get_layer("block_0_depthwise")
    features = rng.normal(size=(1, 3, 3, 32)).astype(np.float32)
    expected = (features[0].transpose(2, 0, 1) * arrays["_blocks.0._depthwise_conv.weight"][:, 0]).sum(axis=(1, 2))
    np.testing.assert_allclose(one(features)[0, 1, 1], expected, rtol=1e-4, atol=1e-5)

    del arrays["_bn0.bias"]
    with pytest.raises(CrosscamError, match=r"holds no '_bn0\.bias'"):
        lite.load_weights(model, arrays, "w.npz")
    arrays["_bn0.bias"] = np.zeros(7, np.float32)
    with pytest.raises(CrosscamError, match="does not fit 'stem_bn'"):
        lite.load_weights(model, arrays, "w.npz")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no archive", b"\x93NUMPY"])
def test_a_file_of_another_kind_gets_one_line(tmp_path: Path, content: bytes) -> None:
    pytest.importorskip("tensorflow")
    from model.networks.efficientnet_lite import read_weights

    (tmp_path / "w.npz").write_bytes(content)
    with pytest.raises(CrosscamError, match=r"w\.npz: not a \.npz"):
        read_weights(tmp_path / "w.npz")
    with pytest.raises(CrosscamError, match="no such weights file"):
        read_weights(tmp_path / "none.npz")
