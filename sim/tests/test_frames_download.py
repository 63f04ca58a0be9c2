"""Downloads against a server on this machine: nothing here needs a network."""

from __future__ import annotations

import contextlib
import http.server
import io
import json
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from sim.errors import CrosscamError
from sim.frames.coco import CocoTree
from sim.frames.download import download_val2017
from sim.frames.fetch import Fetcher

QUIET = Console(file=io.StringIO())


class Server(http.server.ThreadingHTTPServer):
    """Files by path; what was asked; and faults to play, by path, one a request."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.faults: dict[str, list[str]] = {}
        self.requests: list[tuple[str, str | None]] = []
        self.ranges = True
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        asked = self.headers.get("Range")
        self.server.requests.append((self.path, asked))
        faults = self.server.faults.get(self.path, [])
        fault = faults.pop(0) if faults else ""
        data = self.server.files.get(self.path)
        if data is None or fault == "500":
            self.send_error(500 if fault else 404)
            return
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and self.server.ranges else 0
        if start >= len(data) > 0:
            self.send_error(416)
            return
        if fault.startswith("to "):
            self.send_response(302)
            self.send_header("Location", fault.removeprefix("to "))
            self.end_headers()
            return
        self.send_response(206 if start else 200)
        length = fault.removeprefix("length ") if fault.startswith("length ") else str(len(data) - start)
        self.send_header("Content-Length", length)
        self.end_headers()
        end = start + (len(data) - start) // 2 if fault == "cut" else len(data)
        with contextlib.suppress(ConnectionError):  # who asked has enough
            self.wfile.write(data[start:end])

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def fetcher(waits: list[float]) -> Fetcher:
    return Fetcher(timeout=5, sleep=waits.append)


def coco_listing(server: Server, count: int) -> dict[str, Any]:
    """Annotations of ``count`` images that the server has, every third with a person, every third with a car."""
    listing: dict[str, Any] = {"categories": [{"id": 1, "name": "person"}, {"id": 3, "name": "car"}]}
    listing |= {"images": [], "annotations": []}
    for identity in range(count):
        name = f"{identity:012}.jpg"
        server.files[f"/val2017/{name}"] = name.encode() * 100
        image = {"id": identity, "file_name": name, "width": 10, "height": 10}
        listing["images"].append(image | {"coco_url": f"{server.url}/val2017/{name}"})
        if identity % 3:
            entry = {"image_id": identity, "category_id": (1, 3)[identity % 3 - 1], "area": 50}
            listing["annotations"].append(entry)
    return listing


def archive(listing: object) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as content:
        content.writestr("annotations/captions_val2017.json", "{}")
        content.writestr("annotations/instances_val2017.json", json.dumps(listing))
    return data.getvalue()


def test_annotations_and_pictures_make_a_tree(server: Server, fetcher: Fetcher, tmp_path: Path) -> None:
    server.files["/all.zip"] = archive(coco_listing(server, 12))
    pictures = download_val2017(
        tmp_path / "coco", 6, fetcher=fetcher, console=QUIET, annotations_url=f"{server.url}/all.zip"
    )
    assert len(pictures) == 6 and all(path.read_bytes() == path.name.encode() * 100 for path in pictures)
    labels = [photo.labels for photo in CocoTree.open(tmp_path / "coco").on_disk()]
    assert sorted(labels) == [(), (), ("car",), ("car",), ("person",), ("person",)]
    left = sorted(path.name for path in (tmp_path / "coco" / "annotations").iterdir())
    assert left == ["instances_val2017.json"]


def test_what_is_there_is_not_fetched_again(server: Server, fetcher: Fetcher, tmp_path: Path) -> None:
    (tmp_path / "own.json").write_text(json.dumps(coco_listing(server, 12)))
    download_val2017(tmp_path / "coco", 3, tmp_path / "own.json", fetcher=fetcher, console=QUIET)
    before = len(server.requests)
    download_val2017(tmp_path / "coco", 6, fetcher=fetcher, console=QUIET)
    assert (before, len(server.requests)) == (3, 6)


def test_a_cut_download_goes_on_where_it_stopped(
    server: Server, fetcher: Fetcher, waits: list[float], tmp_path: Path
) -> None:
    server.files["/a"] = bytes(range(256)) * 40
    server.faults["/a"] = ["cut"]
    assert fetcher.fetch(f"{server.url}/a", tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == server.files["/a"]
    assert [asked for _, asked in server.requests] == [None, "bytes=5120-"]
    assert waits == [1.0]
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_server_without_ranges_starts_again(server: Server, fetcher: Fetcher, tmp_path: Path) -> None:
    server.files["/a"] = bytes(range(256)) * 40
    server.faults["/a"] = ["cut"]
    server.ranges = False
    fetcher.fetch(f"{server.url}/a", tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == server.files["/a"]


def test_a_part_of_another_version_is_dropped(server: Server, fetcher: Fetcher, tmp_path: Path) -> None:
    server.files["/a"] = b"short"
    (tmp_path / "a.part").write_bytes(b"much longer than the file is now")
    fetcher.fetch(f"{server.url}/a", tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == b"short"


def test_a_server_in_trouble_is_asked_again(
    server: Server, fetcher: Fetcher, waits: list[float], tmp_path: Path
) -> None:
    server.files["/a"] = b"x"
    server.faults["/a"] = ["500", "500"]
    fetcher.fetch(f"{server.url}/a", tmp_path / "a")
    assert waits == [1.0, 2.0]
    server.faults["/b"] = ["500"] * 3
    server.files["/b"] = b"x"
    with pytest.raises(CrosscamError, match="after 3 tries"):
        fetcher.fetch(f"{server.url}/b", tmp_path / "b")
    assert not (tmp_path / "b").exists()


def test_what_is_not_there_is_said_at_once(server: Server, fetcher: Fetcher, tmp_path: Path) -> None:
    with pytest.raises(CrosscamError, match=r"404 Not Found.*crosscam frames demo"):
        fetcher.fetch(f"{server.url}/none", tmp_path / "a")
    assert len(server.requests) == 1
    assert list(tmp_path.iterdir()) == []


def test_no_network_is_said_with_a_way_out(fetcher: Fetcher, tmp_path: Path) -> None:
    with Server() as gone:
        url = gone.url
    with pytest.raises(CrosscamError, match=r"after 3 tries .*is there a network\? Otherwise .*crosscam frames demo"):
        fetcher.fetch(f"{url}/a", tmp_path / "a")


def test_only_http_is_followed(fetcher: Fetcher, tmp_path: Path) -> None:
    with pytest.raises(CrosscamError, match="expected a http or https address"):
        fetcher.fetch("file:///etc/hostname", tmp_path / "a")


def test_an_archive_that_is_none_is_removed(server: Server, fetcher: Fetcher, tmp_path: Path) -> None:
    server.files["/all.zip"] = b"<html>please log in</html>"
    with pytest.raises(CrosscamError, match=r"all\.zip: not the archive of COCO's annotations"):
        download_val2017(tmp_path, 1, fetcher=fetcher, console=QUIET, annotations_url=f"{server.url}/all.zip")
    assert list((tmp_path / "annotations").iterdir()) == []


def test_bad_requests_are_named(fetcher: Fetcher, tmp_path: Path) -> None:
    with pytest.raises(CrosscamError, match="0 photographs to download"):
        download_val2017(tmp_path, 0, fetcher=fetcher, console=QUIET)
    with pytest.raises(CrosscamError, match=r"none\.json: no such annotations"):
        download_val2017(tmp_path, 1, tmp_path / "none.json", fetcher=fetcher, console=QUIET)
    (tmp_path / "own.json").write_text(
        json.dumps(
            {"categories": [], "annotations": [], "images": [{"id": 1, "file_name": "a", "width": 1, "height": 1}]}
        )
    )
    with pytest.raises(CrosscamError, match="no coco_url"):
        download_val2017(tmp_path / "coco", 1, tmp_path / "own.json", fetcher=fetcher, console=QUIET)


def test_progress_is_shown(server: Server, fetcher: Fetcher, tmp_path: Path) -> None:
    server.files["/all.zip"] = archive(coco_listing(server, 6))
    console = Console(file=io.StringIO(), force_terminal=True, width=100)
    download_val2017(tmp_path, 4, fetcher=fetcher, console=console, annotations_url=f"{server.url}/all.zip")
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    assert "annotations" in shown and "4 of 4" in shown


@pytest.mark.parametrize("length", ["-5", "many", "1" * 30, "99999", "0x10"])
def test_a_length_that_is_wrong_is_said(server: Server, fetcher: Fetcher, tmp_path: Path, length: str) -> None:
    server.files["/a"] = b"content"
    server.faults["/a"] = [f"length {length}"] * 3
    with pytest.raises(
        CrosscamError, match=r"after 3 tries \((the server gives a length|the connection ended after 7)"
    ):
        fetcher.fetch(f"{server.url}/a", tmp_path / "a")
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize("address", ["file:///etc/hostname", "ftp://127.0.0.1/x", "gopher://x"])
def test_a_server_cannot_send_to_files(server: Server, fetcher: Fetcher, tmp_path: Path, address: str) -> None:
    server.files["/a"] = b""
    server.faults["/a"] = [f"to {address}"]
    with pytest.raises(CrosscamError, match=r"expected a http or https address|is not allowed"):
        fetcher.fetch(f"{server.url}/a", tmp_path / "a")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("address", ["http://[x/", "http://\ud800/", "http://127.0.0.1:x/", "//x", "http://a b/", ""])
def test_addresses_that_are_none(fetcher: Fetcher, tmp_path: Path, address: str) -> None:
    with pytest.raises(CrosscamError, match=r"cannot (be fetched from|fetch) ") as caught:
        fetcher.fetch(address, tmp_path / "a")
    assert str(caught.value).isprintable()


def test_what_is_too_large_is_not_kept(server: Server, fetcher: Fetcher, tmp_path: Path) -> None:
    server.files["/a"] = bytes(1000)
    server.faults["/a"] = ["", "length 5"]
    for _ in range(2):  # once it says so before, once it does not
        with pytest.raises(CrosscamError, match="more than 4 bytes, which no file of this kind has"):
            fetcher.fetch(f"{server.url}/a", tmp_path / "a", at_most=4)
        assert list(tmp_path.iterdir()) == []


def test_a_download_has_a_limit_of_time(server: Server, tmp_path: Path) -> None:
    server.files["/a"] = bytes(1 << 20)
    with pytest.raises(CrosscamError, match="not done within 0 s; try again, the rest will come"):
        Fetcher(timeout=5, longest=0).fetch(f"{server.url}/a", tmp_path / "a")
    assert [path.name for path in tmp_path.iterdir()] == ["a.part"]


def test_another_content_than_known_is_removed(server: Server, fetcher: Fetcher, tmp_path: Path) -> None:
    server.files["/a"] = b"content"
    with pytest.raises(CrosscamError, match="its MD5 is 9a0364b9e99bb480dd25e1f0284c8555, expected 0; it is removed"):
        fetcher.fetch(f"{server.url}/a", tmp_path / "a", md5="0")
    assert list(tmp_path.iterdir()) == []
    assert fetcher.fetch(f"{server.url}/a", tmp_path / "a", md5="9a0364b9e99bb480dd25e1f0284c8555")


def test_a_part_that_is_a_link_is_not_written_through(server: Server, fetcher: Fetcher, tmp_path: Path) -> None:
    server.files["/a"] = b"content"
    (tmp_path / "precious").write_text("kept")
    (tmp_path / "a.part").symlink_to(tmp_path / "precious")
    with pytest.raises(CrosscamError, match="cannot write "):
        fetcher.fetch(f"{server.url}/a", tmp_path / "a")
    assert (tmp_path / "precious").read_text() == "kept"


def test_an_archive_that_grows_too_large_or_is_damaged_is_removed(
    server: Server, fetcher: Fetcher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = archive(coco_listing(server, 6))
    monkeypatch.setattr("sim.frames.download.JSON_AT_MOST", 100)
    for content in (whole, whole[:200] + b"\0" * 40 + whole[240:]):
        server.files["/all.zip"] = content
        with pytest.raises(CrosscamError, match=r"all\.zip: not the archive of COCO's annotations .* it is removed"):
            download_val2017(tmp_path, 1, fetcher=fetcher, console=QUIET, annotations_url=f"{server.url}/all.zip")
        assert list((tmp_path / "annotations").iterdir()) == []
        monkeypatch.undo()
