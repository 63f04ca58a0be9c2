"""The page of a network, in each browser that is installed: scores bit for bit the reference's on twenty pictures.

What a page says of how long it took: ``pytest -s -m slow scripts/tests/test_web.py -k demo``.
"""

from __future__ import annotations

import base64
import contextlib
import io
import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from model.card import read_card, write_card
from model.compiler.tests.cases_graded import graded_card, two_outputs
from model.errors import CrosscamError
from model.judgement import Judgement
from scripts.main import app
from scripts.tests.browser import Browser
from scripts.tests.chromium import Chromium
from scripts.tests.conftest import MODEL
from scripts.tests.firefox import Firefox
from scripts.tests.web_pictures import Expected, demo_pictures, photographs, reference
from sim.frames.convert import to_frame

pytest.importorskip("ziglang", reason="the extra [zig] is not installed")

FOCUSED = "document.activeElement"
ZONES = Judgement(("S", "Q", "X"), "score", {"trusted": 20, "neutral": -40})


@pytest.fixture(scope="module", params=[Chromium, Firefox], ids=["chromium", "firefox"])
def browser(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    opened: Browser = request.param(tmp_path_factory.mktemp("browser"))
    yield opened
    opened.close()


def page_of(model: Path, folder: Path) -> Path:
    result = CliRunner().invoke(app, ["web", str(model), "-o", str(folder)])
    assert result.exit_code == 0, result.output
    return folder


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return page_of(MODEL, tmp_path_factory.mktemp("web") / "page")


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder))
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def address(page: Path) -> Iterator[str]:
    with served(page) as url:
        yield url


@pytest.fixture(scope="module")
def of_all_forms(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Path], Expected]:
    folder = tmp_path_factory.mktemp("pictures")
    return photographs(folder / "photos"), reference(MODEL, folder / "photos", folder)


def ready(browser: Browser, url: str) -> None:
    browser.open(url)
    browser.wait("document.documentElement.dataset.ready === 'yes'")


def shown(browser: Browser) -> Expected:
    """What the page's table holds."""
    rows = browser.run(
        "[...document.querySelectorAll('#rows tr')].map(row =>"
        " [row.cells[0].textContent, row.dataset.scores, row.lastChild.textContent])"
    )
    return {name: (tuple(map(int, scores.split(","))), verdict) for name, scores, verdict in rows}


def wait_for_rows(browser: Browser, count: int) -> None:
    browser.wait(f"document.querySelectorAll('#rows tr').length === {count}")


def test_twenty_pictures_bit_for_bit(browser: Browser, page: Path, of_all_forms: tuple[list[Path], Expected]) -> None:
    files, expected = of_all_forms
    with served(page) as url:
        ready(browser, url)
    before = len(browser.requests)  # the server is gone: all that the page needs is there
    browser.choose("#files", files)
    wait_for_rows(browser, len(files))
    assert shown(browser) == expected
    assert len({scores for scores, _ in expected.values()}) > 10
    assert not browser.complaints
    assert f"{url}model.js" in browser.requests[:before]
    assert all(each.startswith((url, "data:", "blob:")) for each in browser.requests), browser.requests
    assert not [each for each in browser.requests[before:] if each.startswith("http")]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["person_car_160", "sqrxr_112"])
def test_the_demo_pictures_and_how_long_they_take(browser: Browser, name: str, tmp_path: Path) -> None:
    model = MODEL.parent / name
    files = demo_pictures(tmp_path / "photos")
    with served(page_of(model, tmp_path / "page")) as url:
        ready(browser, url)
        each = []
        for count, file in enumerate(files, 1):
            browser.choose("#files", [file])
            wait_for_rows(browser, count)
            each.append(browser.run("[times.picture, times.network]"))
    assert shown(browser) == reference(model, tmp_path / "photos", tmp_path)
    load, compiled, warm, first = browser.run("[times.load, times.compile, times.warm, times.first]")
    prepared, network = np.median(each, axis=0)
    print(
        f"\n{browser.version} {name}: page and module loaded {load:.0f} ms, of that compiled {compiled:.0f}; "
        f"warm-up {warm:.0f}; first picture {first:.0f}; a picture (median of {len(files)}) prepared {prepared:.0f}, "
        f"network {network:.0f}"
    )


@pytest.mark.slow
def test_any_size_is_scaled_as_pillow_does(browser: Browser, address: str) -> None:
    ready(browser, address)
    generator = np.random.default_rng(21)
    for _ in range(12):
        width, height = (int(size) for size in np.exp(generator.uniform(0.7, 6.6, 2)))
        picture = Image.fromarray(generator.integers(0, 256, (height, width, 3), dtype=np.uint8))
        given = base64.b64encode(picture.convert("RGBA").tobytes()).decode()
        answer = browser.run(
            f"[...packed(fitted(Uint8ClampedArray.from(bytes('{given}')), {width}, {height}, MODEL.rows_first))]"
        )
        expected = to_frame(picture).reshape(-1)
        assert answer == expected.tolist(), (width, height)


def test_threshold_keyboard_and_times(browser: Browser, address: str, tmp_path: Path) -> None:
    ready(browser, address)
    (tmp_path / "bad.png").write_text("no picture")
    Image.new("RGB", (50, 50), "red").save(tmp_path / "good.png")
    browser.choose("#files", [tmp_path / "bad.png", tmp_path / "good.png"])
    wait_for_rows(browser, 1)
    browser.choose("#files", [tmp_path / "bad.png"])
    assert "bad.png" in browser.wait("document.getElementById('trouble').textContent")
    browser.run("document.getElementById('choose').focus()")
    for place in ("webcam", "threshold of car", "threshold of person", "reset", "scroll"):
        browser.press("Tab")
        assert browser.run(f"(at => at.id || at.ariaLabel || at.className)({FOCUSED})") == place
    # Another Tab leaves the page for the browser's own buttons; Firefox would stop at the video that nobody sees.
    assert browser.run("document.getElementById('video').tabIndex") == -1
    browser.run("document.querySelector('[data-label=\"2\"] input').focus()")
    for key, value, expected in (("Home", "-128", True), ("End", "127", False), ("ArrowLeft", "126", False)):
        browser.press(key)
        assert browser.run(f"{FOCUSED}.value") == value
        assert ("person" in browser.run("document.getElementById('verdict').textContent")) is expected
    browser.press("Tab")
    browser.press("Enter")
    assert browser.run("document.querySelector('[data-label=\"2\"] input').value") == str(
        read_card(MODEL).thresholds[2]
    )
    names = browser.run("[...document.querySelectorAll('#times dt')].map(each => each.textContent)")
    texts = browser.run("[...document.querySelectorAll('#times dd')].map(each => each.textContent)")
    assert {"first picture", "warm-up (self-test)", "page and module loaded"} <= set(names)
    assert all(text.endswith(" ms") and float(text.split()[0]) >= 0 for text in texts)
    assert browser.spoken("button", "Choose pictures") == browser.spoken("slider", "threshold of person") == 1
    assert browser.spoken("progressbar", "score of person") == browser.spoken("button", "Webcam") == 1
    assert [browser.spoken(role, "") for role in ("slider", "button", "progressbar")] == [0, 0, 0]


@pytest.mark.slow
def test_drop_and_paste(browser: Browser, address: str) -> None:
    ready(browser, address)
    content = io.BytesIO()
    Image.new("RGB", (40, 30), "green").save(content, "PNG")
    given = base64.b64encode(content.getvalue()).decode()
    for kind, holder in (("DragEvent('drop'", "dataTransfer"), ("ClipboardEvent('paste'", "clipboardData")):
        browser.run(  # files go in last: Firefox copies what an event is made with, but for its files
            f"(() => {{ const event = new {kind}, {{{holder}: new DataTransfer()}});"
            f"event.{holder}.items.add(new File([bytes('{given}')], 'green.png', {{type: 'image/png'}}));"
            "document.dispatchEvent(event); })()"
        )
    wait_for_rows(browser, 2)
    assert len(shown(browser)) == 1 and not browser.complaints


@pytest.mark.slow
def test_grades_and_zones(browser: Browser, tmp_path: Path) -> None:
    """Two outputs end to end, the grade with the highest score, the zone by least scores one can move."""
    model = tmp_path / "model"
    model.mkdir()
    blob = two_outputs(size=24)
    (model / "model.tflite").write_bytes(blob)
    write_card(graded_card(blob, size=24, judgement=ZONES), model)
    page_of(model, tmp_path / "page")
    files = photographs(tmp_path / "photos")[:8]
    for other in set((tmp_path / "photos").iterdir()) - set(files):
        other.unlink()
    ready(browser, (tmp_path / "page" / "index.html").as_uri())
    browser.choose("#files", files)
    wait_for_rows(browser, len(files))
    assert shown(browser) == reference(model, tmp_path / "photos", tmp_path)
    assert browser.run("document.querySelectorAll('#scores input').length") == 0
    for least, zone in ((-128, "trusted"), (127, "none")):
        browser.run(
            "[...document.querySelectorAll('#zones input')].forEach(slider => {"
            f"slider.value = {least}; slider.dispatchEvent(new Event('input')); }})"
        )
        assert browser.run("document.getElementById('verdict').textContent").endswith(zone)


@pytest.mark.slow
def test_the_webcam(browser: Browser, address: str) -> None:
    """The browser's own moving picture, by the keyboard."""
    ready(browser, address)
    browser.run("document.getElementById('webcam').focus()")
    browser.press("Enter")
    browser.wait("document.getElementById('name').textContent === 'webcam'")
    seen = browser.run("[...last.scores].join()")
    browser.wait(f"[...last.scores].join() !== '{seen}'")
    browser.press(" ")
    browser.wait("document.getElementById('webcam').ariaPressed === 'false'")
    assert not browser.complaints


@pytest.mark.slow
def test_from_disk_and_with_texts_that_would_be_code(browser: Browser, tmp_path: Path) -> None:
    model = tmp_path / "model"
    shutil.copytree(MODEL, model)
    evil = "</script><img src=x onerror=document.title=1>"
    card = read_card(model)
    write_card(
        replace(card, title=evil, labels=(evil, "<!--<script>", '"; alert(1); "'), self_test_pattern="none"), model
    )
    page_of(model, tmp_path / "page")
    browser.complaints.clear()
    ready(browser, (tmp_path / "page" / "index.html").as_uri())
    assert browser.run("document.querySelectorAll('img').length") == 0
    assert browser.run("document.getElementById('title').textContent") == evil
    assert not browser.complaints


class Guarded(Firefox):
    """One that lets no page read a canvas, as Tor Browser does."""

    preferences = Firefox.preferences | {"privacy.resistFingerprinting": True}


@pytest.mark.slow
def test_no_score_where_pixels_are_altered(address: str, tmp_path: Path) -> None:
    browser = Guarded(tmp_path / "browser")
    try:
        ready(browser, address)
        Image.new("RGB", (50, 50), "red").save(tmp_path / "red.png")
        browser.choose("#files", [tmp_path / "red.png"])
        assert "alters the pixels" in browser.wait("document.getElementById('trouble').textContent")
        assert not shown(browser)
        browser.click("#webcam")
        assert "alters the pixels" in browser.wait_for("#trouble", "No webcam")
    finally:
        browser.close()


def test_another_processor_is_told(browser: Browser, page: Path, tmp_path: Path) -> None:
    """A module that computes otherwise than the card says is not used."""
    copy = Path(shutil.copytree(page, tmp_path / "page"))
    text = (copy / "model.js").read_text()
    wrong = text.replace('"self_test": [-104, 104, -101]', '"self_test": [-104, 104, -100]')
    assert wrong != text
    (copy / "model.js").write_text(wrong)
    browser.open((copy / "index.html").as_uri())
    assert "self-test" in browser.wait("document.getElementById('trouble').textContent")
    assert browser.run("document.documentElement.dataset.ready") is None


@pytest.mark.parametrize("kind", [Chromium, Firefox])
def test_a_browser_that_is_not_there_is_no_failure(
    kind: type[Browser], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kind, "names", ("no-such-browser",))
    with pytest.raises(pytest.skip.Exception, match="not installed: none of no-such-browser is on PATH"):
        kind(tmp_path)


def test_what_has_no_page(tmp_path: Path, model_copy: Path) -> None:
    card = read_card(model_copy)
    write_card(replace(card, use=replace(card.use, graph="detector")), model_copy)
    result = CliRunner().invoke(app, ["web", str(model_copy), "-o", str(tmp_path / "page")])
    assert isinstance(result.exception, CrosscamError) and "detector" in str(result.exception)
    assert not (tmp_path / "page").exists()
