"""``crosscam view`` as a person would use it: a browser that clicks, types and drops a file, held against the UART.

In each browser that is on PATH; what a failed test saw is kept in build/view-failure.png.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from scripts.tests.browser import Browser
from scripts.tests.chromium import Chromium
from scripts.tests.conftest import ROOT, Crosscam, frames_of_noise
from scripts.tests.firefox import Firefox
from sim.console import Prediction

DROP_GREEN = """async () => {
  const canvas = new OffscreenCanvas(64, 48);
  const context = canvas.getContext("2d");
  context.fillStyle = "green";
  context.fillRect(0, 0, 64, 48);
  const dropped = new DataTransfer();
  dropped.items.add(new File([await canvas.convertToBlob()], "green.png", { type: "image/png" }));
  document.getElementById("drop").dispatchEvent(new DragEvent("drop", { dataTransfer: dropped, cancelable: true }));
}"""


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


@pytest.fixture(params=[Chromium, pytest.param(Firefox, marks=pytest.mark.slow)], ids=["chromium", "firefox"])
def page(request: pytest.FixtureRequest, address: str, tmp_path: Path) -> Iterator[Browser]:
    browser: Browser = request.param(tmp_path / "browser")
    try:
        browser.open(address)
        yield browser
    finally:
        browser.close()


@contextlib.contextmanager
def seen_on_failure(page: Browser) -> Iterator[None]:
    """A screenshot of what a failed test saw is kept."""
    try:
        yield
    except BaseException:
        kept = ROOT / "build" / "view-failure.png"
        kept.parent.mkdir(exist_ok=True)
        page.picture(kept, 1200)
        raise


def last_said(page: Browser) -> Prediction:
    """The last prediction on the page's UART."""
    lines = str(page.run("document.querySelector('#uart').textContent")).splitlines()
    return [found for line in lines if (found := Prediction.parse(line)) is not None][-1]


def test_a_person_at_the_page(page: Browser, address: str, tmp_path: Path) -> None:
    with seen_on_failure(page):
        page.wait_for("#uart", "Frame: 1")
        page.click("#run")
        page.wait_for("#run", "Run")
        said = last_said(page)
        rows = page.run("[...document.querySelectorAll('#scores .value')].map(each => each.textContent)")
        assert [int(each) for each in rows] == list(said.scores)
        names = page.run("[...document.querySelectorAll('#scores .name')].map(each => each.textContent)")
        assert names == list(said.labels)
        assert f"frame {said.frame}: {said.cycles:,} cycles" in page.wait_for("#cycles")

        page.press("f")  # the button that was clicked still has the focus
        page.wait_for("#caption", f"frame {said.frame + 1}:")
        page.wait_for("#run", "Run")
        assert last_said(page).frame == said.frame + 1
        page.run("document.querySelector('#drop').focus()")
        page.press(" ")
        page.wait_for("#run", "Pause")
        page.wait_for("#drawn", "picture")
        shown = page.run("[picture, lcd].map(each => [each.naturalWidth, each.naturalHeight])")
        assert shown == [[320, 240], [320, 240]]

        for key in ("/", "h", "Enter"):
            page.press(key)
        page.wait_for("#uart", "this list")
        own = (address, address.replace("http", "ws"), "data:", "blob:")
        assert [url for url in page.requests if not url.startswith(own)] == []
        assert page.complaints == []


@pytest.mark.slow
def test_pictures_faults_and_a_webcam(page: Browser, tmp_path: Path) -> None:
    with seen_on_failure(page):
        page.wait_for("#uart", "Frame: 1")
        page.select("#kind", "memory.flip")
        assert page.run("document.querySelector('#arguments').value") == "at="
        page.select("#kind", "camera.pclk-stops")
        page.wait_for("#happens", "The pixel clock stops in the middle of a frame.")
        page.run("document.querySelector('#drop').focus()")
        page.press("n")
        page.wait_for("#uart", "(fault: camera.pclk-stops at frame:")
        page.wait_for("#uart", "E: CAM_SHORT")
        page.click("#profile")
        page.wait("document.querySelectorAll('#layers .name').length > 3")

        Image.new("RGB", (200, 600), (255, 0, 0)).save(tmp_path / "red.png")
        page.choose("#file", [tmp_path / "red.png"])
        page.wait_for("#caption", "your picture")
        (tmp_path / "no.png").write_text("no picture")
        page.choose("#file", [tmp_path / "no.png"])
        page.wait_for("#trouble", "no.png: no picture that can be read")
        page.select("#sets", "noise")
        page.wait_for("#caption", "noise-")
        page.run(f"({DROP_GREEN})()")
        page.wait_for("#caption", "your picture")
        page.select("#sets", "noise")
        page.wait_for("#caption", "noise-")
        page.click("#webcam")
        page.wait_for("#caption", "your picture")
        page.select("#sets", "noise")  # ends the webcam
        page.wait_for("#webcam[aria-pressed=false]")
        page.wait_for("#caption", "noise-")
        page.click("#reset")
        page.wait_for("#uart", "(reset")
        page.picture(tmp_path / "narrow.png", 390)
        assert page.run("document.documentElement.scrollWidth <= innerWidth")


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
