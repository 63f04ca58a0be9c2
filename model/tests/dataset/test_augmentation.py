"""Augmentation: switched off it is the camera path; switched on it stays in range and repeats with its seed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from model.dataset.augmentation import Augmentation, augment, soften
from model.preprocessing import camera_path, pack_rgb565, to_float

OFF = Augmentation(flip=False, zoom=1.0, exposure=0, cast=0, gamma=0, lift=0, grey=0, noise=0)


def picture() -> np.ndarray:
    return np.random.default_rng(2).integers(0, 256, (240, 320, 3)).astype(np.uint8)


def test_without_augmentation_it_is_the_camera_path() -> None:
    image = picture()
    plain = augment(image, np.random.default_rng(0), OFF)
    np.testing.assert_array_equal(plain, to_float(camera_path(pack_rgb565(image))))


def test_flip_mirrors_the_columns() -> None:
    image = picture()
    flip = Augmentation(flip=True, zoom=1.0, exposure=0, cast=0, gamma=0, lift=0, grey=0, noise=0)
    plain = augment(image, np.random.default_rng(0), OFF)
    seen = {augment(image, np.random.default_rng(seed), flip).tobytes() for seed in range(20)}
    assert seen == {plain.tobytes(), np.ascontiguousarray(plain[:, ::-1]).tobytes()}


def test_every_value_is_one_the_camera_can_give() -> None:
    image = picture()
    five = {v * 255 // 31 - 128 for v in range(32)}
    six = {v * 255 // 63 - 128 for v in range(64)}
    for seed in range(10):
        out = augment(image, np.random.default_rng(seed), Augmentation(exposure=1.5, lift=40, noise=20)) * 128
        for channel, allowed in enumerate((five, six, five)):
            assert set(np.unique(out[..., channel]).tolist()) <= allowed


def test_exposure_brightens_or_darkens() -> None:
    image = np.full((240, 320, 3), 100, np.uint8)
    brighter = Augmentation(flip=False, zoom=1.0, exposure=1.0, cast=0, gamma=0, lift=0, grey=0, noise=0)
    means = [augment(image, np.random.default_rng(seed), brighter).mean() for seed in range(30)]
    assert min(means) < (60 - 128) / 128 < (160 - 128) / 128 < max(means)


def test_crop_stays_inside_and_covers_its_share() -> None:
    columns = np.arange(320) * 255 // 319
    image = np.broadcast_to(columns.astype(np.uint8)[None, :, None], (240, 320, 3))
    zoom = Augmentation(flip=False, zoom=0.5, exposure=0, cast=0, gamma=0, lift=0, grey=0, noise=0)
    spans = []
    for seed in range(40):
        row = augment(image, np.random.default_rng(seed), zoom)[80, :, 1]
        assert (np.diff(row) >= 0).all()
        spans.append(float(row[-1] - row[0]) / 2)
    assert min(spans) < 0.6
    assert max(spans) > 0.9


def test_same_seed_same_picture() -> None:
    image = picture()
    first, second, third = (augment(image, np.random.default_rng(s), Augmentation()) for s in (1, 1, 2))
    np.testing.assert_array_equal(first, second)
    assert (first != third).any()


def test_blur_by_hand() -> None:
    dot = np.zeros((3, 4, 1), np.uint8)
    dot[1, 0] = 160
    # Down the column 40, 80, 40; along the row the edge repeats, so that the dot keeps three quarters of it.
    expected = [[30, 10, 0, 0], [60, 20, 0, 0], [30, 10, 0, 0]]
    np.testing.assert_array_equal(soften(dot, 0.25)[..., 0], expected)
    np.testing.assert_array_equal(soften(dot, 0.0), dot)


def test_blur_takes_contrast_from_a_picture() -> None:
    image = picture()
    sharp = augment(image, np.random.default_rng(2), OFF)
    soft = augment(image, np.random.default_rng(2), replace(OFF, blur=1 / 3))
    assert soft.std() < 0.9 * sharp.std()
