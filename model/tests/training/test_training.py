"""Training from a tiny generated COCO tree to a card, and the parts on the way."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tensorflow")
pytest.importorskip("pycocotools")

import h5py
import keras
import tensorflow as tf

from model.card import read_card, verify_model_file
from model.dataset.augmentation import Augmentation
from model.dataset.batches import TrainingBatches
from model.dataset.coco import Source, read_source
from model.dataset.frames import FrameSet, load_frames
from model.deployment.export import export
from model.deployment.quantization import check_contract, quantize
from model.errors import CrosscamError
from model.evaluation.reference import Reference
from model.networks import network
from model.preprocessing import camera_path, to_float
from model.run_config import load_config
from model.selftest import xor_frame
from model.tests.conftest import make_coco_tree
from model.training.__main__ import main
from model.training.epochs import EpochKeeper
from model.training.run_state import load_state
from model.training.train import train
from model.training.trained import build_network, load_run

CONFIG = """
from model.dataset.coco import Source
from model.run_config import TrainingConfig
CONFIG = TrainingConfig(
    id="toy", title="Toy", training=(Source("toy", "train", 2.0), Source("more", "train")),
    validation=(Source("toy", "train"),), size=32, units=8, batch_size=4, head_epochs=1, head_rate=1e-3,
    epochs=2, fine_tune_from=0, optimizer="adamw", rate=1e-3, average=0.9,
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
    objects = {n: [[(1, 9000.0)], [(3, 9000.0)], []][n % 3] for n in range(1, 7)}
    make_coco_tree(tmp_path, "toy", "train", objects)
    make_coco_tree(tmp_path, "more", "train", {1: [(1, 9000.0)], 2: []})
    config = tmp_path / "toy.py"
    config.write_text(CONFIG, encoding="utf-8")
    return tmp_path, config, backbone_weights(tmp_path / "backbone.h5")


class InterruptedRunError(Exception):
    """Stands for Ctrl-C or a power cut between two epochs."""


def test_from_photographs_to_a_card_through_an_interruption(
    toy: tuple[Path, Path, Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Same seed, same figures: a run that was cut off in fine tuning ends as one that was not."""
    root, config_file, weights = toy
    config = load_config(config_file)
    run, cut, zoo = root / "run", root / "cut", root / "zoo" / "toy"
    with eager_functions():
        train(config, root, weights, run, verbose=0)
        with monkeypatch.context() as patch:
            written = EpochKeeper._write_history

            def power_cut(keeper: EpochKeeper) -> None:
                if len(keeper.progress.rows) == 3:
                    raise InterruptedRunError
                written(keeper)

            patch.setattr(EpochKeeper, "_write_history", power_cut)
            with pytest.raises(InterruptedRunError):
                train(config, root, weights, cut, verbose=0)
        assert len((cut / "history.csv").read_text(encoding="utf-8").splitlines()) == 3
        train(config, root, weights, cut, verbose=0)
    assert "going on after epoch 2" in capsys.readouterr().out
    history = (run / "history.csv").read_text(encoding="utf-8").splitlines()
    assert len(history) == 4
    assert (cut / "history.csv").read_text(encoding="utf-8").splitlines() == history
    whole, resumed = load_state(run, config), load_state(cut, config)
    assert whole is not None and resumed is not None
    for left, right in zip([*whole.model, *whole.average], [*resumed.model, *resumed.average], strict=True):
        np.testing.assert_array_equal(left, right)
    assert any((w != a).any() for w, a in zip(whole.model, whole.average, strict=False)), "the average lags behind"
    before = (run / "best.weights.h5").stat().st_mtime_ns
    train(config, root, weights, run, verbose=0)
    assert "this run is complete" in capsys.readouterr().out
    assert (run / "best.weights.h5").stat().st_mtime_ns == before
    with pytest.raises(CrosscamError, match="belongs to a run with another config"):
        train(replace(config, seed=2), root, weights, run, verbose=0)

    table = root / "selection.csv"
    export(config, root, run, zoo, table)
    card = read_card(zoo)
    columns, row = (line.split(",") for line in table.read_text(encoding="utf-8").splitlines())
    selected = dict(zip(columns, row, strict=True))
    assert selected["run"] == "run" and int(selected["int8 bytes"]) == card.model_path.stat().st_size
    assert int(selected["RAM bytes"]) > 16 * 16 * 8, "at least the first convolution's output"
    assert selected["macro F1 int8"] == str(card.metrics["int8_camera_path"]["all"]["macro_f1"])
    reference = check_contract(verify_model_file(card))
    assert card.input_shape == reference.input_shape == (32, 32, 3)
    assert reference.scores(camera_path(xor_frame(), 32, 32)).tolist() == list(card.self_test_expected)
    assert card.metrics["int8_camera_path"]["toy/train"]["count"] == 6
    assert card.provenance["training"]["more/train"]["images"] == 2
    assert card.provenance["training"]["more/train"]["licenses"] == ["Attribution License: 2"]
    assert sorted(path.name for path in zoo.iterdir()) == ["card.toml", "model.tflite"]


@pytest.mark.slow
def test_quantization_aware_from_an_int8_model_to_another(toy: tuple[Path, Path, Path]) -> None:
    """A run that starts from a .tflite, trains with int8's rounding, keeps its last epoch and exports as any other."""
    root, config_file, _ = toy
    config = replace(load_config(config_file), head_epochs=0, epochs=2, average=0.0)
    pictures = np.random.default_rng(1).integers(-128, 128, (8, 32, 32, 3)).astype(np.int8)
    start = root / "start.tflite"
    start.write_bytes(quantize(build_network(config), pictures))
    config = replace(config, backbone="tflite", quantization_aware=True, keep="last")
    with eager_functions():
        train(config, root, start, root / "run", verbose=0)
        train(replace(config, epochs=1), root, start, root / "short", verbose=0)
    best = json.loads((root / "run" / "best.json").read_text(encoding="utf-8"))
    assert best["epoch"] == 2, "the last, whether better or not"
    card = export(config, root, root / "run", root / "zoo")
    assert "the last, whatever its figures" in card.provenance["selection"]
    assert card.provenance["settings"]["quantization_aware"] is True
    floats = load_run(config, root / "run")(to_float(pictures)).numpy()
    int8s = np.stack([Reference(card.model_path).scores(picture) for picture in pictures])
    np.testing.assert_allclose((int8s + 128.0) / 256, floats, atol=0.05)
    shorter = load_run(replace(config, epochs=1), root / "short")(to_float(pictures)).numpy()
    assert np.abs(floats - shorter).max() > 1e-4, "the second epoch trained"


def test_the_momentum_of_the_batch_statistics_is_the_configs() -> None:
    for version, own in (("v1", 0.99), ("v2", 0.999)):
        for given in (None, 0.5):
            model = network.build(size=32, alpha=0.35, version=version, momentum=given)
            norm = next(layer for layer in model.layers if layer.name.lower() in ("conv1_bn", "bn_conv1"))
            pictures = np.random.default_rng(1).uniform(-1, 1, (2, 32, 32, 3)).astype(np.float32)
            seen = model.get_layer("Conv1" if version == "v2" else "conv1").output
            mean = keras.Model(model.inputs, seen)(pictures).numpy().mean(axis=(0, 1, 2))
            model(pictures, training=True)
            share = 1 - (own if given is None else given)
            np.testing.assert_allclose(norm.moving_mean.numpy(), share * mean, rtol=1e-3, atol=1e-6)


@pytest.mark.slow
def test_patience_ends_a_phase_early(toy: tuple[Path, Path, Path]) -> None:
    root, config_file, _ = toy
    config = replace(
        load_config(config_file), backbone="none", head_rate=0.0, head_epochs=9, epochs=0, patience=2, dropout=0.0
    )
    with eager_functions():
        train(config, root, None, root / "idle", verbose=0)
    # At rate 0 no epoch is better than the first, but for the batch normalisation, which is frozen in this phase.
    assert len((root / "idle" / "history.csv").read_text(encoding="utf-8").splitlines()) == 1 + 3


@pytest.mark.slow
def test_tensorboard_writes_its_files(toy: tuple[Path, Path, Path]) -> None:
    pytest.importorskip("tensorboard")
    root, config_file, _ = toy
    config = replace(load_config(config_file), backbone="none", epochs=0)
    train(config, root, None, root / "shown", verbose=0, tensorboard=True)
    assert list((root / "shown" / "tensorboard").rglob("events.out.tfevents.*"))


def test_a_missing_tensorboard_is_named(toy: tuple[Path, Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(CrosscamError, match="pip install tensorboard"):
        train(load_config(toy[1]), toy[0], toy[2], toy[0] / "out", tensorboard=True)
    assert not (toy[0] / "out").exists()


def test_a_damaged_state_is_named(tmp_path: Path, toy: tuple[Path, Path, Path]) -> None:
    config = load_config(toy[1])
    assert load_state(tmp_path / "nowhere", config) is None
    (tmp_path / "state.npz").write_bytes(b"half a file")
    with pytest.raises(CrosscamError, match=r"state\.npz: not the state of a run"):
        load_state(tmp_path, config)


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
    for epoch in range(40):
        for index in range(len(first)):
            pictures, labels = first[index]
            assert pictures.shape[1:] == (32, 32, 3)
            np.testing.assert_array_equal(pictures, second[index][0])
            drawn += labels.sum(axis=0)
        first.go_to(epoch + 1)
        second.go_to(epoch + 1)
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
