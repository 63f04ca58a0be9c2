"""``crosscam report`` from outside: a run of the built firmware as a page."""

from __future__ import annotations

import re
from pathlib import Path

from scripts.tests.conftest import Crosscam, frames_of_noise


def test_a_run_becomes_a_page(crosscam: Crosscam, elf: Path, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    frames = frames_of_noise(tmp_path / "frames")
    done = crosscam("report", "-o", page, "--elf", elf, "--frames", frames, "--count", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "PASS: 2 of 2" in done.stdout
    text = page.read_text()
    assert text.count('alt="what the camera saw') == text.count('alt="the display"') == 2
    assert text.count("equals the host") == 2
    cycles = re.findall(r"Cycles: (\d+) \| Frame: (\d)", text)
    assert [frame for _, frame in cycles] == ["1", "2"]
    assert f"{int(cycles[1][0]):,} cycles of 1 frame;" in text  # the profile adds up to what the board said itself
    for heading in ("Cycles by layer", "Cycles by function", "Memory map", "SHA-256 of what is loaded"):
        assert heading in text
    assert str(tmp_path) not in text


def test_bad_input_gets_one_line(crosscam: Crosscam, tmp_path: Path) -> None:
    (tmp_path / "x.xml").write_text("no xml")
    done = crosscam("report", tmp_path / "x.xml", "-o", tmp_path / "page.html")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "page.html").exists()
