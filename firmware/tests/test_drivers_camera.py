"""Capture: order of events, time-outs, errors, cache maintenance."""

from __future__ import annotations

import ctypes

import pytest
from app_host import BUS_ERROR, DATA_END, FRAME_END, OVERRUN, STORM, FakeHal, build

IDLE, BUSY, FRAME, TIMEOUT, SHORT, LOST, DMA_ERROR, STORMY = range(8)
SIZE = 153600
FIRST, SECOND = 0x24000000, 0x24000000 + SIZE


class CameraFrame(ctypes.Structure):
    _fields_ = (("pixels", ctypes.c_void_p), ("number", ctypes.c_uint32))


class CameraCounts(ctypes.Structure):
    _fields_ = (("taken", ctypes.c_uint32), ("lost", ctypes.c_uint32), ("last", ctypes.c_uint32))


class Camera:
    """The driver under test and the chip below it."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self.library = library
        self.hal = FakeHal(library)
        library.camera_init(SIZE)
        library.camera_has_news.restype = ctypes.c_bool

    def start(self, buffer: int = FIRST) -> None:
        self.library.camera_start(ctypes.c_void_p(buffer))

    def poll(self) -> int:
        self.frame = CameraFrame()
        return self.library.camera_poll(ctypes.byref(self.frame))


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    return build(tmp_path_factory.mktemp("camera"), ["drivers/camera.c", "tests/fake_hal.c"])


@pytest.fixture
def camera(library: ctypes.CDLL) -> Camera:
    return Camera(library)


def test_idle_without_a_start(camera: Camera) -> None:
    assert camera.poll() == IDLE
    assert not camera.library.camera_has_news()


@pytest.mark.parametrize("order", [(FRAME_END, DATA_END), (DATA_END, FRAME_END)])
def test_a_frame_needs_both_ends_in_either_order(camera: Camera, order: tuple[int, int]) -> None:
    camera.start()
    assert camera.poll() == BUSY
    camera.hal.events |= order[0]
    assert not camera.library.camera_has_news()
    assert camera.poll() == BUSY
    camera.hal.events |= order[1]
    assert camera.library.camera_has_news()
    assert camera.poll() == FRAME
    assert (camera.frame.pixels, camera.frame.number) == (FIRST, 1)
    assert camera.poll() == IDLE


def test_frames_lie_where_they_were_wanted_and_count_up(camera: Camera) -> None:
    for number, buffer in enumerate([FIRST, SECOND, SECOND, FIRST], start=1):
        camera.start(buffer)
        camera.hal.events = FRAME_END | DATA_END
        assert camera.poll() == FRAME
        assert (camera.frame.pixels, camera.frame.number) == (buffer, number)


def test_the_cache_is_invalidated_before_and_after_the_dma_writes(camera: Camera) -> None:
    camera.start()
    assert camera.hal.calls == [("invalidate", FIRST, SIZE), ("start", FIRST, SIZE)]
    camera.hal.events = FRAME_END | DATA_END
    camera.poll()
    assert camera.hal.calls[2:] == [("invalidate", FIRST, SIZE)]


def test_a_second_start_changes_nothing(camera: Camera) -> None:
    camera.start()
    camera.start()
    assert camera.hal.names().count("start") == 1


def test_no_frame_in_time(camera: Camera) -> None:
    camera.start()
    camera.hal.now += 500
    assert camera.poll() == BUSY
    camera.hal.now += 1
    camera.hal.missing = SIZE
    assert camera.poll() == TIMEOUT
    assert camera.hal.calls[-1] == ("abort",)
    assert camera.library.camera_missing() == SIZE
    assert camera.poll() == IDLE


def test_a_frame_that_waited_long_is_no_time_out(camera: Camera) -> None:
    camera.start()
    camera.hal.events = FRAME_END | DATA_END
    camera.hal.now += 5000
    assert camera.poll() == FRAME


def test_a_frame_that_ends_early(camera: Camera) -> None:
    camera.start()
    camera.hal.events = FRAME_END
    camera.hal.missing = 640
    assert camera.poll() == BUSY, "the FIFO may still hold the last words"
    camera.hal.now += 2
    assert camera.poll() == BUSY
    camera.hal.now += 1
    assert camera.poll() == SHORT
    assert camera.library.camera_missing() == 640


@pytest.mark.parametrize(("missing", "number"), [(0, 2), (640, 1)])
def test_a_frame_whose_end_is_never_told_has_a_number_if_all_of_it_came(
    camera: Camera, missing: int, number: int
) -> None:
    """Its interrupt got lost: the camera has delivered it. One of which a part is missing is still under way."""
    camera.start()
    camera.hal.events, camera.hal.missing = DATA_END, missing
    camera.hal.now += 5000
    assert camera.poll() == TIMEOUT
    camera.start()
    camera.hal.events = FRAME_END | DATA_END
    assert camera.poll() == FRAME
    assert camera.frame.number == number
    assert counts_of(camera) == (1, 1, number)


@pytest.mark.parametrize(
    ("events", "status"),
    [
        (OVERRUN, LOST),
        (BUS_ERROR, DMA_ERROR),
        (OVERRUN | BUS_ERROR, DMA_ERROR),
        (OVERRUN | FRAME_END | DATA_END, LOST),
        (STORM, STORMY),
    ],
)
def test_errors_end_the_capture(camera: Camera, events: int, status: int) -> None:
    camera.start()
    camera.hal.events = events
    assert camera.library.camera_has_news()
    assert camera.poll() == status
    assert camera.hal.calls[-1] == ("abort",)
    camera.start()
    assert camera.hal.calls[-1] == ("start", FIRST, SIZE)


def test_a_frame_with_more_than_its_size_is_no_picture(camera: Camera) -> None:
    camera.start()
    camera.hal.events, camera.hal.excess = FRAME_END | DATA_END, True
    assert camera.poll() == LOST
    assert camera.hal.calls[-1] == ("abort",)


def counts_of(camera: Camera) -> tuple[int, int, int]:
    """Frames taken, frames lost, number of the last taken."""
    camera.library.camera_counts.restype = CameraCounts
    counts = camera.library.camera_counts()
    return counts.taken, counts.lost, counts.last


def test_no_capture_goes_uncounted(camera: Camera) -> None:
    for events in (OVERRUN, FRAME_END | DATA_END, BUS_ERROR | FRAME_END, FRAME_END | DATA_END, BUS_ERROR):
        camera.start()
        camera.hal.events = events
        camera.poll()
    assert counts_of(camera) == (2, 3, 3), "the frame whose end was seen has a number"


def test_a_stream_that_does_not_stop(camera: Camera) -> None:
    camera.hal.start_works = False
    camera.start()
    assert camera.library.camera_has_news()
    assert camera.poll() == DMA_ERROR
    assert camera.hal.calls[-1] == ("abort",)


def test_stop_gives_up_the_capture(camera: Camera) -> None:
    camera.start()
    camera.library.camera_stop()
    assert camera.hal.calls[-1] == ("abort",)
    assert camera.poll() == IDLE


@pytest.mark.parametrize("events", [FRAME_END | DATA_END, FRAME_END], ids=["whole", "short"])
def test_a_frame_nobody_saw_still_counts(camera: Camera, events: int) -> None:
    camera.start()
    camera.hal.events = events
    camera.library.camera_stop()
    camera.start()
    camera.hal.events = FRAME_END | DATA_END
    assert camera.poll() == FRAME
    assert camera.frame.number == 2
    assert counts_of(camera) == (1, 0, 2), "nobody wanted the first"


def test_a_capture_given_up_because_of_an_error_is_lost(camera: Camera) -> None:
    """The sensor has forgotten its settings while the next frame comes in."""
    camera.start()
    camera.hal.events = FRAME_END
    camera.library.camera_lose()
    camera.library.camera_lose()  # there is none under way
    assert camera.hal.calls[-1] == ("abort",)
    assert counts_of(camera) == (0, 1, 0)
