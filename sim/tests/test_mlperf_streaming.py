"""The streaming wake-word dialogue with a stand-in of ours: loud windows are its wake word."""

from __future__ import annotations

from array import array
from pathlib import Path

import pytest

from sim.errors import CrosscamError
from sim.mlperf import Dialogue, boot
from sim.mlperf_streaming import RATE, judge, noise, read_sound, read_windows, stream
from sim.tests.firmware_bench import TOOLCHAINS
from sim.tests.streaming_bench import CORE, WINDOW, build_streaming, loud_at, write_wave


@pytest.fixture(scope="module", params=TOOLCHAINS)
def image(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_streaming(request.param, tmp_path_factory.mktemp("streaming"))


def started(image: Path, timing: str = "cortex-m7") -> Dialogue:
    return boot(image, timing, image.parent / "board.resc")


def test_windows_are_timed_and_loud_ones_found(image: Path, tmp_path: Path) -> None:
    streamed = stream(started(image), read_sound(write_wave(tmp_path / "a.wav", loud_at(6, 2, 12))))
    assert streamed.windows == 12
    assert streamed.period == pytest.approx(WINDOW, rel=1e-4)
    # The mark is the first window's; the seventh and eighth are loud, and nothing was lost on the way.
    assert streamed.detections == pytest.approx([6 * WINDOW, 7 * WINDOW], abs=1e-4)
    assert 512 * 2 / CORE < streamed.processing < 512 * 60 / CORE
    assert streamed.duty_cycle == pytest.approx(streamed.processing / WINDOW, rel=1e-3)


def test_the_same_sound_twice_is_the_same_twice(image: Path) -> None:
    assert stream(started(image), noise(0.2)) == stream(started(image), noise(0.2))


def test_a_board_that_does_not_hear_is_told(image: Path) -> None:
    with pytest.raises(CrosscamError, match="no serial audio interface of the board listens"):
        stream(boot(image, "instructions"), noise(0.1))
    with pytest.raises(CrosscamError, match="a pin that is high while the image works"):
        stream(started(image, "instructions"), noise(0.01))


def test_judging_gives_late_ones_two_seconds_and_counts_false_ones_once_a_second() -> None:
    assert judge([1.5, 3.9, 10.0, 10.4, 11.5], [(1, 2), (5, 6)]) == (1, 1, 2)
    assert judge([], []) == (0, 0, 0)


def test_sounds_of_another_kind_and_lists_without_them_are_refused(tmp_path: Path) -> None:
    stereo = read_sound(write_wave(tmp_path / "s.wav", array("h", [1, 2, 3, 4]), channels=2))
    assert list(stereo.samples) == [1, 2, 3, 4] and stereo.seconds == 2 / RATE
    assert list(read_sound(write_wave(tmp_path / "m.wav", array("h", [1, -2]))).samples) == [1, 1, -2, -2]
    with pytest.raises(CrosscamError, match="8 bit, 1 channels"):
        read_sound(write_wave(tmp_path / "b.wav", array("h", [1]), width=1))
    (tmp_path / "c.wav").write_text("no sound")
    for name in ("c.wav", "none.wav"):
        with pytest.raises(CrosscamError, match="cannot be read"):
            read_sound(tmp_path / name)
    (tmp_path / "list.json").write_text("[]")
    with pytest.raises(CrosscamError, match=r"no entry for a\.wav"):
        read_windows(tmp_path / "list.json", "a.wav")
    (tmp_path / "list.json").write_text('[{"wav_file": "a.wav"}]')
    with pytest.raises(CrosscamError, match="expected the benchmark's list"):
        read_windows(tmp_path / "list.json", "a.wav")
