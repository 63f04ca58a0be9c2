"""What the firmware says of a picture that no scene sends: black, white, noise, the same again and again."""

from __future__ import annotations

import ctypes

import numpy as np
import pytest
from app_host import build

from sim.frames.demo import demo_photos

ORDINARY, BLACK, WHITE, NOISE, FROZEN = range(5)
WIDTH, HEIGHT = 320, 240


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    return build(tmp_path_factory.mktemp("picture"), ["app/picture.c"])


def judge(library: ctypes.CDLL, picture: np.ndarray) -> int:
    pixels = np.ascontiguousarray(picture, np.uint16)
    height, width = pixels.shape
    return library.picture_judge(pixels.ctypes.data_as(ctypes.c_void_p), width, height)


def slope(seed: int = 0, width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    """A picture without noise: light that grows from one corner to the other."""
    y, x = np.mgrid[:height, :width]
    level = (x + y + seed) % 640 // 20
    return level << 11 | level << 6 | level


@pytest.mark.parametrize("level", [0x0000, 0x0841])
def test_black_is_what_nothing_is_brighter_in(library: ctypes.CDLL, level: int) -> None:
    assert judge(library, np.full((HEIGHT, WIDTH), level)) == BLACK


@pytest.mark.parametrize("level", [0xFFFF, 0xF7BE])
def test_white_is_what_nothing_is_darker_in(library: ctypes.CDLL, level: int) -> None:
    assert judge(library, np.full((HEIGHT, WIDTH), level)) == WHITE


def test_noise(library: ctypes.CDLL) -> None:
    for seed in range(20):
        random = np.random.default_rng(seed)
        assert judge(library, random.integers(0, 1 << 16, (HEIGHT, WIDTH))) == NOISE


@pytest.mark.parametrize(("width", "height"), [(320, 240), (160, 120), (97, 31)])
def test_a_scene_is_ordinary_whatever_its_size(library: ctypes.CDLL, width: int, height: int) -> None:
    assert judge(library, slope(1, width, height)) == ORDINARY


def test_the_ninth_of_the_same_is_frozen_and_another_ends_it(library: ctypes.CDLL) -> None:
    judge(library, slope(7))
    verdicts = [judge(library, slope(9)) for _ in range(10)]
    assert verdicts == [ORDINARY] * 8 + [FROZEN] * 2
    assert judge(library, slope(11)) == ORDINARY


def test_every_demo_photograph_is_ordinary(library: ctypes.CDLL) -> None:
    for photo in demo_photos():
        assert judge(library, photo.shot().pixels) == ORDINARY, photo.name
