"""The camera looks at a folder that may be anybody's: sizes and names within limits, no wait, one line in the log."""

from __future__ import annotations

import json
import os
import resource
from pathlib import Path

import pytest

from sim.tests.camera_bench import Bench, write_frames
from sim.tests.camera_bench import test_card as card

FRAMES = 0x14
"""ControlRead: photographs in the folder."""


@pytest.fixture
def frames(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = write_frames(tmp_path / "set", [card(0)])
    (tmp_path / "outside.rgb565").write_bytes(bytes(153600))
    monkeypatch.setenv("CROSSCAM_FRAMES", str(folder))
    return folder


def complaint(caplog: pytest.LogCaptureFixture) -> str:
    """The one line of the log, of a camera that shows nothing."""
    assert Bench().power().ask(FRAMES) == 0
    (record,) = caplog.records
    text = record.getMessage()
    assert record.levelname == "ERROR" and text.isprintable() and len(text) < 500
    return text


@pytest.mark.parametrize(
    "size",
    [{"width": 100_000, "height": 100_000}, {"width": 0}, {"height": -1}, {"width": 641}, {"width": "x" * 5000}],
)
def test_a_size_the_sensor_cannot_have(frames: Path, size: dict[str, object], caplog: pytest.LogCaptureFixture) -> None:
    """100,000 x 100,000 took 19 GB."""
    write_frames(frames, [card(0)], **size)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert "no frames from" in complaint(caplog)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 << 10


@pytest.mark.parametrize(
    "name",
    ["../outside.rgb565", "{outside}", "a/../../outside.rgb565", ".", "", "..\\outside", "a\0b", "\x1b[2J", "link"],
)
def test_a_frame_that_lies_elsewhere(frames: Path, name: str, caplog: pytest.LogCaptureFixture) -> None:
    outside = frames.parent / "outside.rgb565"
    (frames / "link").symlink_to(outside)
    entries = [{"file": "0000.rgb565"}, {"file": name.replace("{outside}", str(outside))}]
    write_frames(frames, [card(0)], frames=entries)
    assert "a frame outside of the folder" in complaint(caplog)


@pytest.mark.parametrize("name", ["frames.json", "0000.rgb565"])
def test_a_pipe_is_no_wait(frames: Path, name: str, caplog: pytest.LogCaptureFixture) -> None:
    (frames / name).unlink()
    os.mkfifo(frames / name)
    if name == "frames.json":
        assert "expected a plain file" in complaint(caplog)
    else:
        bench = Bench().power()
        bench.capture()
        assert "no such file" in caplog.text


def test_listings_that_are_too_long_or_too_deep(frames: Path, caplog: pytest.LogCaptureFixture) -> None:
    write_frames(frames, [card(0)], frames=[{"file": "0000.rgb565"}] * 100_001)
    assert "1 to 100000 frames" in complaint(caplog)
    caplog.clear()
    (frames / "frames.json").write_text("[" * 100_000)
    assert "no frames from" in complaint(caplog)
    caplog.clear()
    (frames / "frames.json").write_text(json.dumps({"width": 1})[:-1] + ', "height": ' + "9" * 5000 + "}")
    assert "no frames from" in complaint(caplog)
