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


def test_what_is_above_its_budget_fails_and_is_named(crosscam: Crosscam, elf: Path, tmp_path: Path) -> None:
    budgets, page = tmp_path / "budgets.toml", tmp_path / "report.html"
    frames = frames_of_noise(tmp_path / "frames")
    made = crosscam("budget", "update", budgets, "--elf", elf, "--frames", frames)
    assert made.returncode == 0, made.stderr
    stack = re.search(r"(?<=deepest\" = )\d+", budgets.read_text())
    assert stack is not None
    budgets.write_text(budgets.read_text().replace(f'deepest" = {stack[0]}', f'deepest" = {int(stack[0]) - 8}'))
    done = crosscam("report", "-o", page, "--elf", elf, "--frames", frames, "--count", "1", "--budgets", budgets)
    assert done.returncode == 1, done.stderr
    assert "FAIL: 1 of 1" in done.stdout and "1 figure above budget" in done.stdout
    text = page.read_text()
    assert f"above budget: stack deepest: {int(stack[0]):,} bytes, budget {int(stack[0]) - 8:,}" in text
    assert text.count(">above<") == 1 and text.count(">holds<") > 20


def test_bad_input_gets_one_line(crosscam: Crosscam, tmp_path: Path) -> None:
    (tmp_path / "x.xml").write_text("no xml")
    done = crosscam("report", tmp_path / "x.xml", "-o", tmp_path / "page.html")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "page.html").exists()
