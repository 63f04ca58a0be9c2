"""Training from a tiny generated COCO tree to a card, and the parts on the way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tensorflow")
pytest.importorskip("pycocotools")

import h5py
import tensorflow as tf

from model import network
from model.card import read_card, verify_model_file
from model.dataset.augmentation import Augmentation
from model.dataset.batches import TrainingBatches
from model.dataset.coco import Source, read_source
from model.dataset.frames import FrameSet, load_frames
from model.errors import CrosscamError
from model.export import export
from model.preprocessing import camera_path, to_float
from model.quantization import check_contract, quantize
from model.reference import Reference
from model.run_config import load_config
from model.selftest import xor_frame
from model.tests.conftest import make_coco_tree
from model.training import main, train

CONFIG = """
from model.dataset.coco import Source
from model.run_config import TrainingConfig
CONFIG = TrainingConfig(
    id="toy", title="Toy", training=(Source("toy", "train", 2.0), Source("more", "train")),
    validation=(Source("toy", "train"),), size=32, units=8, batch_size=4, head_epochs=1, epochs=1,
)
"""


def backbone_weights(path: Path, alpha: float = 0.25) -> Path:
    """A weights file in the layout of keras.applications' legacy HDF5, with random values."""
    model = network.build(size=32, alpha=alpha)
    with h5py.File(path, "w") as file:
        for layer in network.backbone_layers(model):
            group = file.create_group(layer.name)
            names = [f"{layer.name}/{index}:0" for index in range(len(layer.weights))]
            group.attrs["weight_names"] = [name.encode() for name in names]
            for name, value in zip(names, layer.get_weights(), strict=True):
                group[name] = value
    return path


@contextmanager
def eager_functions() -> Iterator[None]:
    """Without tracing graphs, which takes far longer than a few steps on a few pictures."""
    tf.config.run_functions_eagerly(True)
    try:
        yield
    finally:
        tf.config.run_functions_eagerly(False)


@pytest.fixture
def toy(tmp_path: Path) -> tuple[Path, Path, Path]:
    """Data root, config file, weights file."""
    objects = {n: [[(1, 9000.0)], [(3, 9000.0)], []][n % 3] for n in range(1, 10)}
    make_coco_tree(tmp_path, "toy", "train", objects)
    make_coco_tree(tmp_path, "more", "train", {1: [(1, 9000.0)], 2: []})
    config = tmp_path / "toy.py"
    config.write_text(CONFIG, encoding="utf-8")
    return tmp_path, config, backbone_weights(tmp_path / "backbone.h5")


def test_from_photographs_to_a_card_the_same_with_the_same_seed(toy: tuple[Path, Path, Path]) -> None:
    root, config_file, weights = toy
    config = load_config(config_file)
    run, zoo = root / "run", root / "zoo" / "toy"
    with eager_functions():
        train(config, root, weights, run, verbose=0)
        train(replace(config, epochs=0), root, weights, root / "again", verbose=0)
    history = (run / "history.csv").read_text(encoding="utf-8").splitlines()
    assert len(history) == 3
    again = (root / "again" / "history.csv").read_text(encoding="utf-8").splitlines()
    assert again == history[:2], "the same seed must give the same figures"
    export(config, root, run, zoo)
    card = read_card(zoo)
    reference = check_contract(verify_model_file(card))
    assert card.input_shape == reference.input_shape == (32, 32, 3)
    assert reference.scores(camera_path(xor_frame(), 32, 32)).tolist() == list(card.self_test_expected)
    assert card.metrics["int8_camera_path"]["toy/train"]["count"] == 9
    assert card.provenance["training"]["more/train"]["images"] == 2
    assert card.provenance["training"]["more/train"]["licenses"] == ["Attribution License: 2"]
    assert sorted(path.name for path in zoo.iterdir()) == ["card.toml", "model.tflite"]


def test_command_line_errors(
    toy: tuple[Path, Path, Path], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CROSSCAM_WEIGHTS", raising=False)
    root, config, _ = toy
    common = ["--data-root", str(root), "-o", str(root / "out")]
    assert main([str(config), *common]) == 2
    assert "no backbone weights" in capsys.readouterr().err
    assert main([str(root / "none.py"), *common, "--weights", "x.h5"]) == 2
    assert "no such config file" in capsys.readouterr().err
    assert main([str(config), *common, "--weights", str(root / "none.h5")]) == 2
    assert "none.h5: no such weights file" in capsys.readouterr().err
    assert not (root / "out").exists()


def test_weights_of_another_width_are_named(tmp_path: Path) -> None:
    wide = backbone_weights(tmp_path / "wide.h5", alpha=0.5)
    with pytest.raises(CrosscamError, match="use the weights of the same alpha"):
        network.load_backbone(network.build(size=32), wide)
    text = tmp_path / "text.h5"
    text.write_text("no weights", encoding="utf-8")
    with pytest.raises(CrosscamError, match="not an HDF5 weights file"):
        network.load_backbone(network.build(size=32), text)


def test_export_without_a_run(toy: tuple[Path, Path, Path]) -> None:
    root, config, _ = toy
    with pytest.raises(CrosscamError, match="no trained weights"):
        export(load_config(config), root, root / "nowhere", root / "zoo")
    assert not (root / "zoo").exists()


def test_batches_draw_by_weight_and_repeat_with_the_seed(coco_tree: Path) -> None:
    samples = read_source(coco_tree, Source("toy", "train", 3.0)) + read_source(coco_tree, Source("toy", "train", 1.0))
    frames = load_frames(samples)
    frames = FrameSet(frames.images, np.eye(10, dtype=np.float32), frames.samples)  # labels that tell samples apart
    drawn = np.zeros(10)
    first, second = (TrainingBatches(frames, 4, Augmentation(), seed=5, size=32) for _ in range(2))
    assert len(first) == 3
    for _ in range(40):
        for index in range(len(first)):
            pictures, labels = first[index]
            assert pictures.shape[1:] == (32, 32, 3)
            np.testing.assert_array_equal(pictures, second[index][0])
            drawn += labels.sum(axis=0)
        first.on_epoch_end()
        second.on_epoch_end()
    assert drawn.sum() == 400
    assert drawn[:5].sum() == pytest.approx(300, abs=40)


def test_the_network_is_the_one_of_the_card() -> None:
    model = network.build()
    assert model.output_shape == (None, 3)
    assert network.multiply_accumulates(model) == 20_819_776
    assert model.count_params() == 235_187


def test_int8_stays_close_to_float(tmp_path: Path) -> None:
    model = network.build(size=64)
    pictures = np.random.default_rng(1).integers(-128, 128, (20, 64, 64, 3)).astype(np.int8)
    path = tmp_path / "model.tflite"
    path.write_bytes(quantize(model, pictures))
    reference = check_contract(path)
    floats = model(to_float(pictures)).numpy()
    int8s = np.stack([Reference(path).scores(picture) for picture in pictures[:5]])
    np.testing.assert_allclose((int8s + 128.0) / 256, floats[:5], atol=0.05)
    assert reference.input_quantization == (1 / 128, 0)


def test_quantising_without_pictures_is_refused() -> None:
    with pytest.raises(CrosscamError, match="no representative pictures"):
        quantize(network.build(size=32), [])


def test_a_size_the_strides_do_not_divide_is_refused() -> None:
    with pytest.raises(CrosscamError, match="multiple of 32, got 100"):
        network.build(size=100)
