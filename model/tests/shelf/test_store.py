"""The shelf: what is put there is whole and checked, what is bad leaves nothing, what came with crosscam stays."""

from __future__ import annotations

import hashlib
import shutil
import socket
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from model.card import read_card
from model.dataset.fetch import Manners
from model.errors import LONGEST_MESSAGE, CrosscamError
from model.shelf import arrival, store

ZOO = store.SHIPPED / "person_car_160"
MODEL = ZOO / "model.tflite"
HASTY = Manners(tries=2, timeout=0.5, longest=5.0, sleep=lambda seconds: None)


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "arrived", partial(arrival.arrived, manners=HASTY))


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    return tmp_path / "shelf"


def names(shelf: Path) -> list[str]:
    return sorted(path.name for path in shelf.iterdir() if path.name != arrival.DOWNLOADS) if shelf.exists() else []


def refused(shelf: Path, source: object, **options: str) -> str:
    before = names(shelf)
    with pytest.raises(CrosscamError) as caught:
        store.add(shelf, str(source), **options)
    assert names(shelf) == before
    assert len(str(caught.value)) <= LONGEST_MESSAGE and "\n" not in str(caught.value)
    return str(caught.value)


def test_a_file_gets_a_card_and_a_folder_keeps_its_own(shelf: Path) -> None:
    added = store.add(shelf, str(MODEL), "bare")
    assert added.card is not None and added.card.labels == ("score_0", "score_1", "score_2")
    assert added.card.id == "bare" and added.card.use.source == str(MODEL)
    whole = store.add(shelf, str(ZOO), "copy")
    assert whole.card is not None and whole.card.labels == read_card(ZOO).labels
    assert names(shelf) == ["bare", "copy"]
    assert [each.name for each in store.standing(shelf) if not each.shipped] == ["bare", "copy"]
    assert store.standing(shelf)[0].shipped
    assert "name" in refused(shelf, MODEL, name="bare")
    assert store.remove(shelf, "bare") == shelf / "bare" and names(shelf) == ["copy"]


def test_what_is_not_removed(shelf: Path) -> None:
    store.add(shelf, str(ZOO), "mine")
    (shelf / "mine" / "diary.txt").write_text("dear diary")
    for name, reason in {
        "mine": "diary.txt",
        "person_car_160": "came with",
        "..": "no model",
        "none": "no model",
    }.items():
        with pytest.raises(CrosscamError, match=reason):
            store.remove(shelf, name)
    assert (shelf / "mine" / "diary.txt").exists() and ZOO.exists()


def test_bad_sources_leave_nothing(shelf: Path, tmp_path: Path) -> None:
    (tmp_path / "text.tflite").write_text("hello, world")
    (tmp_path / "empty").mkdir()
    other = tmp_path / "other"
    shutil.copytree(ZOO, other)
    (other / "model.tflite").write_bytes(MODEL.read_bytes() + b"x")
    for source, reason in {
        tmp_path / "none.tflite": "no such model",
        tmp_path / "text.tflite": "TFL3",
        tmp_path / "empty": "card.toml",
        other: "SHA-256",
        "ftp://127.0.0.1/m.tflite": "http",
        "http://127.0.0.1/m.exe": r"\.tflite",
    }.items():
        assert reason.strip("\\") in refused(shelf, source)
    assert "SHA-256" in refused(shelf, MODEL, sha256="0" * 64)
    assert "64" in refused(shelf, MODEL, sha256="abc")
    assert "letters" in refused(shelf, MODEL, name="../up")


def test_archives(shelf: Path, tmp_path: Path) -> None:
    good = tmp_path / "good.zip"
    with zipfile.ZipFile(good, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("card.toml", "model.tflite"):
            archive.write(ZOO / name, f"inner/{name}")
    assert store.add(shelf, str(good)).name == "person_car_160"
    bomb = tmp_path / "bomb.zip"
    with (
        zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("model.tflite", "w") as file,
    ):
        for _ in range(257):
            file.write(bytes(1 << 20))
    assert "when unpacked" in refused(shelf, bomb)
    sly = tmp_path / "sly.zip"
    with zipfile.ZipFile(sly, "w") as archive:
        archive.writestr("../outside.tflite", MODEL.read_bytes())
    assert "outside" in refused(shelf, sly) and not (tmp_path / "outside.tflite").exists()
    damaged = tmp_path / "damaged.zip"
    damaged.write_bytes(good.read_bytes()[:-30])
    refused(shelf, damaged)
    two = tmp_path / "two.zip"
    with zipfile.ZipFile(two, "w") as archive:
        archive.write(MODEL, "a.tflite")
        archive.write(MODEL, "b.tflite")
    assert "2 .tflite" in refused(shelf, two)


class Handler(BaseHTTPRequestHandler):
    """Serves the model; its first answer breaks off half-way, the next goes on from there."""

    asked: list[str | None]

    def log_message(self, format: str, *arguments: object) -> None:
        pass

    def do_GET(self) -> None:
        content, wanted = MODEL.read_bytes(), self.headers.get("Range")
        self.asked.append(wanted)
        start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted else 0
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        self.wfile.write(content[start : len(content) // 2] if len(self.asked) == 1 else content[start:])


@pytest.fixture
def address() -> Iterator[str]:
    Handler.asked = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/a%20model.tflite?x=1"
    server.shutdown()
    server.server_close()


def test_a_download_goes_on_where_it_broke(shelf: Path, address: str) -> None:
    digest = hashlib.sha256(MODEL.read_bytes()).hexdigest()
    added = store.add(shelf, address, sha256=digest)
    assert added.name == "a_model" and added.card is not None
    assert added.card.sha256 == digest and added.card.use.source == address
    assert Handler.asked[0] is None and Handler.asked[1] == f"bytes={MODEL.stat().st_size // 2}-"
    assert not list((shelf / arrival.DOWNLOADS).iterdir())


def test_a_wrong_digest_is_not_kept(shelf: Path, address: str) -> None:
    assert "SHA256 is" in refused(shelf, address, sha256="1" * 64)
    assert not list((shelf / arrival.DOWNLOADS).iterdir())


def test_an_address_that_never_answers(shelf: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert "cannot fetch" in refused(shelf, f"http://127.0.0.1:{silent.getsockname()[1]}/m.tflite")
