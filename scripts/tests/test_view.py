"""``crosscam view`` as a person would use it: a browser that clicks, types and drops a file, held against the UART.

Needs playwright and a Chromium on PATH; what a failed test saw is kept in build/view-failure.png.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from scripts.tests.conftest import ROOT, Crosscam, frames_of_noise

LIMIT = 60_000  # milliseconds
FAKE_WEBCAM = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
DROP_GREEN = """async () => {
  const canvas = new OffscreenCanvas(64, 48);
  const context = canvas.getContext("2d");
  context.fillStyle = "green";
  context.fillRect(0, 0, 64, 48);
  const dropped = new DataTransfer();
  dropped.items.add(new File([await canvas.convertToBlob()], "green.png", { type: "image/png" }));
  document.getElementById("drop").dispatchEvent(new DragEvent("drop", { dataTransfer: dropped, cancelable: true }));
}"""
_LINE = re.compile(r"car: +(\S+), neg: +(\S+), person: +(\S+) \| Duration: \d+ ms \| Cycles: (\d+) \| Frame: (\d+)")


@pytest.fixture(scope="module")
def address(elf: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    frames = frames_of_noise(tmp_path_factory.mktemp("view") / "noise")
    command = [sys.executable, "-m", "scripts.main", "view", "--port", "0", "--elf", str(elf), "--frames", str(frames)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        line = server.stdout.readline()
        yield line.split()[-1]
        server.terminate()
        assert server.wait(20) in (0, 143)


@pytest.fixture
def page(address: str) -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="no playwright: `pip install playwright`")
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no Chromium on PATH")
    with playwright.sync_playwright() as browsers:
        browser = browsers.chromium.launch(executable_path=chromium, args=["--no-sandbox", *FAKE_WEBCAM])
        opened = browser.new_page()
        opened.set_default_timeout(LIMIT)
        foreign: list[str] = []
        opened.on("request", lambda request: foreign.append(request.url))
        opened.goto(address)
        try:
            yield opened
        finally:
            browser.close()
        assert [url for url in foreign if not url.startswith((address, address.replace("http", "ws"), "data:"))] == []


def test_a_person_at_the_page(page: Any, tmp_path: Path) -> None:
    def has(place: str, text: str) -> None:
        page.locator(place, has_text=text).first.wait_for()

    try:
        has("#uart", "Frame: 1")
        page.get_by_role("button", name="Pause").click()
        has("#run", "Run")
        said = _LINE.findall(page.locator("#uart").text_content())[-1]
        shown = page.locator("#scores .value").all_text_contents()
        assert [int(each) for each in shown] == [int(each) for each in said[:3]]
        assert f"frame {said[4]}: {int(said[3]):,} cycles" in page.locator("#cycles").text_content()

        page.keyboard.press("f")  # the button that was clicked still has the focus
        has("#caption", f"frame {int(said[4]) + 1}:")
        page.locator("#drop").focus()
        page.keyboard.press(" ")
        has("#run", "Pause")
        has("#drawn", "picture")
        assert page.evaluate("[lcd.naturalWidth, lcd.naturalHeight]") == [320, 240]
        page.select_option("#kind", "memory.flip")
        assert page.input_value("#arguments") == "at="
        page.select_option("#kind", "camera.pclk-stops")
        has("#happens", "The pixel clock stops in the middle of a frame.")
        page.locator("#drop").focus()
        page.keyboard.press("n")
        has("#uart", "(fault: camera.pclk-stops at frame:")
        has("#uart", "E: CAM_SHORT")
        page.keyboard.press("/")
        page.keyboard.type("h")
        page.keyboard.press("Enter")
        has("#uart", "this list")
        page.get_by_role("button", name="Measure").click()
        page.locator("#layers .name").nth(3).wait_for()

        Image.new("RGB", (200, 600), (255, 0, 0)).save(tmp_path / "red.png")
        page.set_input_files("#file", tmp_path / "red.png")
        has("#caption", "your picture")
        (tmp_path / "no.png").write_text("no picture")
        page.set_input_files("#file", tmp_path / "no.png")
        has("#trouble", "no.png: no picture that can be read")
        page.select_option("#sets", "noise")
        has("#caption", "noise-")
        page.evaluate(DROP_GREEN)
        has("#caption", "your picture")
        page.select_option("#sets", "noise")
        has("#caption", "noise-")
        page.get_by_role("button", name="Webcam").click()
        has("#caption", "your picture")
        page.select_option("#sets", "noise")  # ends the webcam
        page.locator("#webcam[aria-pressed=false]").wait_for()
        has("#caption", "noise-")
        page.get_by_role("button", name="Reset").click()
        has("#uart", "(reset")
        page.set_viewport_size({"width": 390, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    except BaseException:
        page.screenshot(path=ROOT / "build" / "view-failure.png")
        raise


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (("--listen", "0.0.0.0"), "--anyone-may-drive-the-board-at 0.0.0.0"),
        (("--listen", "0.0.0.0", "--anyone-may-drive-the-board-at", "yes"), "say it twice"),
        (("--listen", "somewhere"), "expected an address"),
        (("--port", "1", "--listen", "127.0.0.300"), "expected an address"),
        (("--elf", "none.elf"), "none.elf"),
    ],
)
def test_bad_input_gets_one_line(crosscam: Crosscam, options: tuple[str, ...], complaint: str) -> None:
    done = crosscam("view", "--port", "0", *options)
    assert done.returncode == 2
    assert complaint in done.stderr
    assert done.stderr.count("\n") == 1
