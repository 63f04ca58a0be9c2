"""The page of a network, in a headless Chromium: scores bit for bit the reference's on twenty pictures of all forms."""

from __future__ import annotations

import base64
import io
import json
import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from model.card import read_card, write_card
from model.compiler.tests.cases_graded import graded_card, two_outputs
from model.errors import CrosscamError
from model.judgement import Judgement
from scripts.main import app
from scripts.references import HostReference
from scripts.tests.browser import Browser, browser_program
from scripts.tests.conftest import MODEL
from sim.frames.convert import to_frame
from sim.frames.photos import photo_folder

pytest.importorskip("ziglang", reason="the extra [zig] is not installed")

ZONES = Judgement(("S", "Q", "X"), "score", {"trusted": 20, "neutral": -40})
SIZES = [(320, 240), (640, 480), (321, 240), (320, 241), (200, 150), (1000, 333), (333, 1000), (64, 48), (7, 5), (1, 1)]


def photographs(folder: Path) -> list[Path]:
    """Twenty: ten sizes as PNG, and JPEG of each kind of colour, of each turning, of grey, GIF, WebP, with see-through
    parts, of 16 colours."""
    folder.mkdir()
    generator = np.random.default_rng(9)
    made = []

    def keep(image: Image.Image, name: str, **options: Any) -> None:
        image.save(folder / name, **options)
        made.append(folder / name)

    def photo(width: int, height: int) -> Image.Image:
        coarse = Image.fromarray(generator.integers(0, 256, (5, 6, 3), dtype=np.uint8))
        smooth = np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC)).astype(np.int16)
        return Image.fromarray((smooth + generator.integers(-20, 21, smooth.shape)).clip(0, 255).astype(np.uint8))

    for width, height in SIZES:
        keep(photo(width, height), f"p{width}x{height}.png")
    for number, subsampling in enumerate((0, 1, 2)):
        keep(photo(511, 377), f"j{number}.jpg", quality=85, subsampling=subsampling)
    for turning in (3, 6):
        exif = Image.Exif()
        exif[0x112] = turning
        keep(photo(400, 300), f"turned{turning}.jpg", exif=exif, quality=90)
    keep(photo(300, 300).convert("L"), "grey.jpg")
    keep(photo(300, 200).convert("P"), "palette.png")
    keep(photo(260, 220), "lossless.webp", lossless=True)
    see_through = photo(280, 280)
    see_through.putalpha(Image.fromarray(generator.choice(np.array([0, 255], np.uint8), (280, 280))))
    keep(see_through, "see-through.png")
    keep(photo(800, 600), "progressive.jpg", progressive=True)
    assert len(made) == 20
    return made


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    browser_program()
    folder = tmp_path_factory.mktemp("web") / "page"
    result = CliRunner().invoke(app, ["web", str(MODEL), "-o", str(folder)])
    assert result.exit_code == 0, result.output
    return folder


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    opened = Browser(tmp_path_factory.mktemp("browser"))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def address(page: Path) -> Iterator[str]:
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=page))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()


def scored(browser: Browser) -> dict[str, tuple[int, ...]]:
    rows = browser.run(
        "[...document.querySelectorAll('#rows tr')].map(row => [row.cells[0].textContent, row.dataset.scores])"
    )
    return {name: tuple(map(int, scores.split(","))) for name, scores in rows}


def verdicts(browser: Browser) -> dict[str, str]:
    return dict(
        browser.run(
            "[...document.querySelectorAll('#rows tr')].map(r => [r.cells[0].textContent, r.lastChild.textContent])"
        )
    )


def test_twenty_pictures_bit_for_bit(browser: Browser, address: str, tmp_path: Path) -> None:
    files = photographs(tmp_path / "photos")
    frames = photo_folder(tmp_path / "photos", tmp_path / "frames")
    reference = tmp_path / "reference.json"
    arguments = ["reference", str(tmp_path / "frames"), "--model", str(MODEL), "-o", str(reference)]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    expected = {row["source"]: row for row in json.loads(reference.read_text())["frames"]}
    browser.open(address)
    browser.wait("document.documentElement.dataset.ready === 'yes'")
    browser.ask(  # all it needs is there
        "Network.emulateNetworkConditions", offline=True, latency=0, downloadThroughput=0, uploadThroughput=0
    )
    browser.choose("#files", files)
    browser.wait(f"document.querySelectorAll('#rows tr').length === {len(files)}")
    assert scored(browser) == {name: tuple(row["scores"]) for name, row in expected.items()}
    assert verdicts(browser) == {name: " and ".join(row["decision"]) for name, row in expected.items()}
    assert len(set(scored(browser).values())) > 10 and len(frames.entries) == len(files)
    assert not browser.complaints
    assert all(url.startswith((address, "data:", "blob:")) for url in browser.requests), browser.requests
    browser.ask(
        "Network.emulateNetworkConditions", offline=False, latency=0, downloadThroughput=-1, uploadThroughput=-1
    )


@pytest.mark.slow
def test_any_size_is_scaled_as_pillow_does(browser: Browser, address: str) -> None:
    browser.open(address)
    browser.wait("document.documentElement.dataset.ready === 'yes'")
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
    browser.open(address)
    browser.wait("document.documentElement.dataset.ready === 'yes'")
    (tmp_path / "bad.png").write_text("no picture")
    Image.new("RGB", (50, 50), "red").save(tmp_path / "good.png")
    browser.choose("#files", [tmp_path / "bad.png", tmp_path / "good.png"])
    browser.wait("document.querySelectorAll('#rows tr').length === 1")
    browser.choose("#files", [tmp_path / "bad.png"])
    assert "bad.png" in browser.wait("document.getElementById('trouble').textContent")
    for value, expected in ((-128, True), (127, False)):
        browser.run(
            f"const s = document.querySelector('[data-label=\"2\"] input'); s.value = {value};"
            "s.dispatchEvent(new Event('input'))".replace("const s", "var s")
        )
        assert ("person" in browser.run("document.getElementById('verdict').textContent")) is expected
    browser.run("document.getElementById('reset').click()")
    assert browser.run("document.querySelector('[data-label=\"2\"] input').value") == str(
        read_card(MODEL).thresholds[2]
    )
    names = browser.run("[...document.querySelectorAll('#times dt')].map(each => each.textContent)")
    texts = browser.run("[...document.querySelectorAll('#times dd')].map(each => each.textContent)")
    assert {"first picture", "warm-up (self-test)", "page and module loaded"} <= set(names)
    assert all(text.endswith(" ms") and float(text.split()[0]) >= 0 for text in texts)
    tree = browser.ask("Accessibility.getFullAXTree")["nodes"]
    said = {(node["role"]["value"], node.get("name", {}).get("value", "")) for node in tree if "role" in node}
    assert ("slider", "threshold of person") in said and ("button", "Webcam") in said
    assert not {name for role, name in said if role in ("slider", "button", "progressbar") and not name}


@pytest.mark.slow
def test_drop_and_paste(browser: Browser, address: str) -> None:
    browser.open(address)
    browser.wait("document.documentElement.dataset.ready === 'yes'")
    content = io.BytesIO()
    Image.new("RGB", (40, 30), "green").save(content, "PNG")
    given = base64.b64encode(content.getvalue()).decode()
    for event in ("new DragEvent('drop', {dataTransfer: data})", "new ClipboardEvent('paste', {clipboardData: data})"):
        browser.run(
            "(() => { const data = new DataTransfer();"
            f"data.items.add(new File([bytes('{given}')], 'green.png', {{type: 'image/png'}}));"
            f"document.dispatchEvent({event}); }})()"
        )
    browser.wait("document.querySelectorAll('#rows tr').length === 2")
    assert len(scored(browser)) == 1 and not browser.complaints


@pytest.mark.slow
def test_grades_and_zones(browser: Browser, tmp_path: Path) -> None:
    """Two outputs end to end, the grade with the highest score, the zone by least scores one can move."""
    model = tmp_path / "model"
    model.mkdir()
    blob = two_outputs(size=24)
    (model / "model.tflite").write_bytes(blob)
    write_card(graded_card(blob, size=24, judgement=ZONES), model)
    assert CliRunner().invoke(app, ["web", str(model), "-o", str(tmp_path / "page")]).exit_code == 0
    files = photographs(tmp_path / "photos")[:8]
    for other in set((tmp_path / "photos").iterdir()) - set(files):
        other.unlink()
    host = HostReference(model, photo_folder(tmp_path / "photos", tmp_path / "frames"))
    expected = {host[at].source: (host[at].scores, ", ".join(host.verdict(at))) for at in range(len(files))}
    browser.open((tmp_path / "page" / "index.html").as_uri())
    browser.wait("document.documentElement.dataset.ready === 'yes'")
    browser.choose("#files", files)
    browser.wait(f"document.querySelectorAll('#rows tr').length === {len(files)}")
    assert scored(browser) == {name: scores for name, (scores, _) in expected.items()}
    assert verdicts(browser) == {name: verdict for name, (_, verdict) in expected.items()}
    assert browser.run("document.querySelectorAll('#scores input').length") == 0
    for least, zone in ((-128, "trusted"), (127, "none")):
        browser.run(
            "[...document.querySelectorAll('#zones input')].forEach(slider => {"
            f"slider.value = {least}; slider.dispatchEvent(new Event('input')); }})"
        )
        assert browser.run("document.getElementById('verdict').textContent").endswith(zone)


@pytest.mark.slow
def test_the_webcam(browser: Browser, address: str) -> None:
    """Chromium's own moving picture."""
    browser.open(address)
    browser.wait("document.documentElement.dataset.ready === 'yes'")
    browser.run("document.getElementById('webcam').click()")
    browser.wait("document.getElementById('name').textContent === 'webcam'")
    browser.run("document.getElementById('webcam').click()")
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
    assert CliRunner().invoke(app, ["web", str(model), "-o", str(tmp_path / "page")]).exit_code == 0
    browser.complaints.clear()
    browser.open((tmp_path / "page" / "index.html").as_uri())
    browser.wait("document.documentElement.dataset.ready === 'yes'")
    assert browser.run("document.querySelectorAll('img').length") == 0
    assert browser.run("document.getElementById('title').textContent") == evil
    assert not browser.complaints


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


def test_what_has_no_page(tmp_path: Path, model_copy: Path) -> None:
    card = read_card(model_copy)
    write_card(replace(card, use=replace(card.use, graph="detector")), model_copy)
    result = CliRunner().invoke(app, ["web", str(model_copy), "-o", str(tmp_path / "page")])
    assert isinstance(result.exception, CrosscamError) and "detector" in str(result.exception)
    assert not (tmp_path / "page").exists()
