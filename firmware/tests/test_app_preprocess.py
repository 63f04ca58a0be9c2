"""The camera path in C equals its definition, computed here with numpy in whole numbers."""

from __future__ import annotations

import ctypes

import numpy as np
import numpy.typing as npt
import pytest
from app_host import build

Frame = npt.NDArray[np.uint16]


def expected(frame: Frame, height: int, width: int) -> npt.NDArray[np.int8]:
    """Nearest pixel by floor(index * in / out), channels widened by (value * 255) // max, - 128."""
    rows = np.arange(height) * frame.shape[0] // height
    columns = np.arange(width) * frame.shape[1] // width
    pixel = frame[np.ix_(rows, columns)].astype(np.int32)
    red, green, blue = pixel >> 11 & 31, pixel >> 5 & 63, pixel & 31
    channels = np.stack([red * 255 // 31, green * 255 // 63, blue * 255 // 31], axis=-1)
    return (channels - 128).astype(np.int8)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    return build(tmp_path_factory.mktemp("preprocess"), ["app/preprocess.c"])


def camera_path(library: ctypes.CDLL, frame: Frame, height: int, width: int) -> npt.NDArray[np.int8]:
    out = np.full((height + 1, width, 3), 77, np.int8)
    source = np.ascontiguousarray(frame)
    library.preprocess(
        ctypes.c_void_p(source.ctypes.data),
        frame.shape[1],
        frame.shape[0],
        ctypes.c_void_p(out.ctypes.data),
        width,
        height,
    )
    assert (out[height] == 77).all(), "wrote past the input tensor"
    return out[:height]


def xor_v1() -> Frame:
    y, x = np.mgrid[0:240, 0:320]
    return (((x * 2053 + y * 4099) ^ (x * y)) & 0xFFFF).astype(np.uint16)


@pytest.mark.parametrize(("height", "width"), [(160, 160), (96, 96), (240, 320), (224, 224), (161, 97), (1, 1)])
def test_every_pixel_of_the_test_pattern(library: ctypes.CDLL, height: int, width: int) -> None:
    frame = xor_v1()
    np.testing.assert_array_equal(camera_path(library, frame, height, width), expected(frame, height, width))


def test_every_value_of_every_channel(library: ctypes.CDLL) -> None:
    frame = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    np.testing.assert_array_equal(camera_path(library, frame, 256, 256), expected(frame, 256, 256))


def test_reaches_both_ends_of_int8(library: ctypes.CDLL) -> None:
    frame = np.array([[0x0000, 0xFFFF]], np.uint16)
    assert camera_path(library, frame, 1, 2).tolist() == [[[-128] * 3, [127] * 3]]
