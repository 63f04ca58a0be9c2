"""Reading the benchmark runner's log."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sim.errors import CrosscamError
from sim.mlperf_log import HardwareLog, log_beside

LOG = """\
00001.000 parser: Command "bload dut "/data/kws01/first.bin""
00001.100 parser: Command "dut infer 1 0"
00001.100 dut: m-lap-us-1000
00001.200 dut: m-lap-us-3000
00001.201 dut: m-results-[0.250,0.750]
00002.000 parser: Command "bload dut "/data/ad01/long.bin" 512 2560"
00002.100 parser: Command "dut infer 10 1"
00002.100 dut: m-lap-us-4294967290
00002.200 dut: m-lap-us-19994
00002.201 dut: m-results-[9.5]
00003.100 parser: Command "dut infer 10 1"
00003.100 dut: m-lap-us-100
00003.200 dut: m-lap-us-21100
"""


def test_the_median_time_and_the_scores_of_single_runs_are_found(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_text("00000.500 dut: m-lap-us-5\n" + LOG)  # a time stamp outside of a run
    log = HardwareLog.read(path)
    assert log.microseconds == 2000  # of 2000, 2000 (through the counter's wrap) and 2100
    assert log.results == {("first.bin", 1): (0.25, 0.75), ("long.bin+512", 10): (9.5,)}
    assert log.inputs == ["first.bin"]


def test_an_energy_log_has_its_time_in_the_results_beside_it(tmp_path: Path) -> None:
    folder = tmp_path / "results" / "BOARD" / "kws" / "energy"
    folder.mkdir(parents=True)
    (folder / "log.txt").write_text(
        '00045.352 parser: Command "io dut infer 800 10"\n00057.692 io: [dut]: m-results-[1]\n'
    )
    windows = [f"1 x:   # Inferences : {runs:>12}\r\n1 x:   Runtime      :  {time} sec.\r\n" for runs, time in
               ((800, "13.334"), (800, "13.332"), (400, "6.665"), (0, "1.000"))]  # fmt: skip
    (folder / "results.txt").write_text("".join(windows))
    image = tmp_path / "code" / "BOARD" / "keyword_spotting" / "Binaries" / "x.bin"
    path = log_beside(image, "energy", "kws01")
    assert path == folder / "log.txt"
    assert HardwareLog.read(path).microseconds == pytest.approx(13_332_000 / 800)


def test_a_file_without_runs_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_text("hello\n")
    with pytest.raises(CrosscamError, match=r"log\.txt: no `dut infer`"):
        HardwareLog.read(path)
    with pytest.raises(CrosscamError, match="cannot be read"):
        HardwareLog.read(tmp_path / "none.txt")


def test_figures_that_are_none_are_refused_and_a_pipe_is_no_wait(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_text(LOG.replace("0.250", "x" * 5000))
    with pytest.raises(CrosscamError, match=r"m-results-\[xxx.*expected numbers"):
        HardwareLog.read(path)
    path.write_text(LOG.replace("infer 1", "infer " + "9" * 5000))
    with pytest.raises(CrosscamError, match="no `dut infer`"):
        HardwareLog.read(path)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(CrosscamError, match="it is a pipe or a device"):
        HardwareLog.read(path)


def test_the_log_of_an_image_lies_beside_it_or_in_the_published_layout(tmp_path: Path) -> None:
    image = tmp_path / "closed" / "who" / "code" / "BOARD" / "kws" / "x.bin"
    image.parent.mkdir(parents=True)
    image.write_bytes(b"")
    assert log_beside(image) is None
    own = image.parent / "log.txt"
    own.write_text(LOG)
    assert log_beside(image) == own
    published = tmp_path / "closed" / "who" / "results" / "BOARD" / "kws" / "performance" / "log.txt"
    published.parent.mkdir(parents=True)
    published.write_text(LOG)
    assert log_beside(image) == published
    assert log_beside(image, "accuracy") == own
