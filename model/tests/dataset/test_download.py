"""Downloads from a server of the test's own that stumbles on demand."""

from __future__ import annotations

import hashlib
import io
import threading
import zipfile
from collections import Counter
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from model.dataset.coco import Sample, Source
from model.dataset.download import fetch_annotations, fetch_pictures
from model.dataset.fetch import Manners, OfflineError, fetch
from model.errors import LONGEST_MESSAGE, CrosscamError

CONTENT = bytes(range(256)) * 1000


class Site:
    """What the server holds and how it stumbles."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {"/whole": CONTENT}
        self.troubles: dict[str, list[int]] = {}
        """Path to what its next answers are: a status, or 0 for a connection that breaks half-way."""
        self.lengths: dict[str, str] = {}
        """Path to what is told as its Content-Length."""
        self.elsewhere: dict[str, str] = {}
        """Path to the address it sends to."""
        self.asked: Counter[str] = Counter()
        self.ranges: list[str] = []
        self.address = ""


class Handler(BaseHTTPRequestHandler):
    def __init__(self, site: Site, *arguments: object) -> None:
        self.site = site
        super().__init__(*arguments)  # type: ignore[arg-type]

    def log_message(self, format: str, *arguments: object) -> None:
        pass

    def do_GET(self) -> None:
        site = self.site
        site.asked[self.path] += 1
        trouble = site.troubles.get(self.path, [])
        status = trouble.pop(0) if trouble else 200
        content = site.files.get(self.path)
        if self.path in site.elsewhere:
            self.send_response(302)
            self.send_header("Location", site.elsewhere[self.path])
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if status > 200 or content is None:
            self.send_response(status if status > 200 else 404)
            self.send_header("Retry-After", "7")
            self.end_headers()
            return
        start = 0
        if wanted := self.headers.get("Range"):
            site.ranges.append(wanted)
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", site.lengths.get(self.path, str(len(content) - start)))
        self.end_headers()
        self.wfile.write(content[start : len(content) // 2] if status == 0 else content[start:])


@pytest.fixture
def site() -> Iterator[Site]:
    served = Site()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, served))
    served.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=partial(server.serve_forever, poll_interval=0.01))
    thread.start()
    yield served
    server.shutdown()
    thread.join()
    server.server_close()


def manners(naps: list[float] | None = None) -> Manners:
    return Manners(tries=3, first_wait=0.5, sleep=(naps if naps is not None else []).append, timeout=5.0)


def test_a_broken_connection_goes_on_where_it_stopped(site: Site, tmp_path: Path) -> None:
    site.troubles["/whole"] = [0]
    told: list[tuple[int, int | None]] = []
    target = tmp_path / "new" / "file"
    assert fetch(f"{site.address}/whole", target, manners(), lambda done, total: told.append((done, total)))
    assert target.read_bytes() == CONTENT
    assert site.ranges == [f"bytes={len(CONTENT) // 2}-"]
    assert told[-1] == (len(CONTENT), len(CONTENT))
    assert not fetch(f"{site.address}/whole", target, manners())
    assert site.asked["/whole"] == 2


def test_an_interrupted_download_leaves_no_half_file_in_place(site: Site, tmp_path: Path) -> None:
    def power_cut(done: int, total: int | None) -> None:
        if done > 70_000:
            raise KeyboardInterrupt

    target = tmp_path / "file"
    with pytest.raises(KeyboardInterrupt):
        fetch(f"{site.address}/whole", target, manners(), power_cut)
    assert not target.exists()
    fetched = (tmp_path / "file.part").stat().st_size
    assert 0 < fetched < len(CONTENT)
    fetch(f"{site.address}/whole", target, manners())
    assert target.read_bytes() == CONTENT and site.ranges == [f"bytes={fetched}-"]


def test_a_busy_server_is_asked_again_when_it_says(site: Site, tmp_path: Path) -> None:
    site.troubles["/whole"] = [503, 429]
    naps: list[float] = []
    fetch(f"{site.address}/whole", tmp_path / "file", manners(naps))
    assert naps == [7.0, 7.0]
    site.troubles["/whole"] = [503, 503, 503]
    with pytest.raises(CrosscamError, match=r"answers 503 .*, 3 times"):
        fetch(f"{site.address}/whole", tmp_path / "other", manners())


def test_what_is_not_there_is_not_asked_for_twice(site: Site, tmp_path: Path) -> None:
    with pytest.raises(CrosscamError, match="answers 404"):
        fetch(f"{site.address}/none", tmp_path / "file", manners())
    assert site.asked["/none"] == 1
    with pytest.raises(CrosscamError, match="no http or https address"):
        fetch("", tmp_path / "file", manners())


def test_offline_is_said_clearly(tmp_path: Path) -> None:
    naps: list[float] = []
    with pytest.raises(OfflineError, match=r"after 3 tries .*is there a network"):
        fetch("http://127.0.0.1:9/file", tmp_path / "file", manners(naps))
    assert naps == [0.5, 1.0]
    assert list(tmp_path.iterdir()) == []


def archive(text: str = '{"images": []}') -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for split in ("train2017", "val2017"):
            file.writestr(f"annotations/instances_{split}.json", text)
    return buffer.getvalue()


def test_annotations_come_out_of_their_archive(site: Site, tmp_path: Path) -> None:
    site.files["/a.zip"] = archive()
    md5 = hashlib.md5(site.files["/a.zip"]).hexdigest()
    url = f"{site.address}/a.zip"
    paths = fetch_annotations(tmp_path, manners(), url, md5)
    assert [path.name for path in paths] == ["instances_train2017.json", "instances_val2017.json"]
    assert paths[1].read_text(encoding="utf-8") == '{"images": []}'
    assert sorted(p.name for p in (tmp_path / "annotations").iterdir()) == sorted(path.name for path in paths)
    fetch_annotations(tmp_path, manners(), url, md5)
    assert site.asked["/a.zip"] == 1


def test_damaged_archives_are_removed(site: Site, tmp_path: Path) -> None:
    url = f"{site.address}/a.zip"
    site.files["/a.zip"] = archive()
    with pytest.raises(CrosscamError, match=r"MD5 is .*, expected 0000"):
        fetch_annotations(tmp_path, manners(), url, "0000")
    site.files["/a.zip"] = archive().replace(b'{"images": []}', b'{"images": ()}')
    with pytest.raises(CrosscamError, match=r"damaged .*CRC"):
        fetch_annotations(tmp_path, manners(), url, None)
    site.files["/a.zip"] = b"an error page"
    with pytest.raises(CrosscamError, match="damaged"):
        fetch_annotations(tmp_path, manners(), url, None)
    assert not [p for p in (tmp_path / "annotations").iterdir() if p.suffix != ".part"]


def picture(folder: Path, number: int, address: str) -> Sample:
    return Sample(folder / f"{number}.jpg", (1, 0, 0), Source("a", "b"), "", (), f"{address}/{number}.jpg")


def test_photographs_come_in_parallel_and_once(site: Site, tmp_path: Path) -> None:
    site.files.update({f"/{n}.jpg": bytes([n]) * 100 for n in range(20)})
    del site.files["/7.jpg"]
    site.troubles["/3.jpg"] = [503]
    samples = [picture(tmp_path, n, site.address) for n in range(20)]
    samples[5].path.write_bytes(b"here")
    seen: list[Sample] = []
    result = fetch_pictures(samples, manners(), seen.append)
    assert (result.new, result.present, len(result.failed)) == (18, 1, 1)
    assert "/7.jpg: the server answers 404" in result.failed[0]
    assert len(seen) == 18
    assert samples[5].path.read_bytes() == b"here" and samples[19].path.read_bytes() == bytes([19]) * 100
    assert fetch_pictures(samples, manners()).new == 0


def test_without_a_network_the_rest_is_not_tried(tmp_path: Path) -> None:
    naps: list[float] = []
    samples = [picture(tmp_path, n, "http://127.0.0.1:9") for n in range(200)]
    with pytest.raises(OfflineError, match="is there a network"):
        fetch_pictures(samples, manners(naps))
    assert len(naps) < 60, "two naps a photograph, for a dozen or so"


def test_a_photograph_named_twice_is_fetched_once(site: Site, tmp_path: Path) -> None:
    site.files["/1.jpg"] = CONTENT
    result = fetch_pictures([picture(tmp_path, 1, site.address)] * 8, manners())
    assert (result.new, site.asked["/1.jpg"]) == (1, 1)
    assert (tmp_path / "1.jpg").read_bytes() == CONTENT


@pytest.mark.parametrize("length", ["-1", "many", "1e3", "9" * 30])
def test_a_length_that_is_none_is_an_error_of_the_server(site: Site, tmp_path: Path, length: str) -> None:
    site.lengths["/whole"] = length
    with pytest.raises(CrosscamError, match=r"after 3 tries \(the server gives a length of"):
        fetch(f"{site.address}/whole", tmp_path / "file", manners())
    assert not (tmp_path / "file").exists()


def test_a_length_that_is_too_short_or_too_long(site: Site, tmp_path: Path) -> None:
    site.lengths["/whole"] = str(len(CONTENT) + 1)
    with pytest.raises(CrosscamError, match=f"broke after {len(CONTENT)} of {len(CONTENT) + 1} bytes"):
        fetch(f"{site.address}/whole", tmp_path / "file", Manners(tries=1))
    site.lengths["/whole"] = str(1 << 40)
    with pytest.raises(CrosscamError, match=r"more than the 67,108,864 bytes .*; nothing is kept"):
        fetch(f"{site.address}/whole", tmp_path / "other", manners())
    with pytest.raises(CrosscamError, match="more than the 1,000 bytes"):
        fetch(f"{site.address}/whole", tmp_path / "other", manners(), at_most=1000)
    assert [path.name for path in tmp_path.iterdir()] == ["file.part"]


def test_a_server_that_sends_to_a_file_is_not_followed(site: Site, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("key", encoding="utf-8")
    site.elsewhere = {"/a": f"{site.address}/whole", "/b": secret.as_uri(), "/c": "ftp://127.0.0.1/x"}
    assert fetch(f"{site.address}/a", tmp_path / "a", manners())
    for name in "bc":
        with pytest.raises(
            CrosscamError, match=r"the server sends to 'ftp.*', expected an http|url 'file:.*' is not allowed"
        ):
            fetch(f"{site.address}/{name}", tmp_path / name, manners())
        assert not (tmp_path / name).exists()


def test_a_download_has_an_end(site: Site, tmp_path: Path) -> None:
    with pytest.raises(CrosscamError, match="not whole in the time it may take; run the command again"):
        fetch(f"{site.address}/whole", tmp_path / "file", Manners(longest=0.0))
    assert not (tmp_path / "file").exists() and (tmp_path / "file.part").stat().st_size


@pytest.mark.parametrize(
    "url", ["http://[::1", "http://127.0.0.1:port/x", "file:///etc/passwd", "http:///x", "http://a b/"]
)
def test_addresses_that_are_none(tmp_path: Path, url: str) -> None:
    with pytest.raises(CrosscamError) as caught:
        fetch(url, tmp_path / "file", manners())
    assert len(str(caught.value)) <= LONGEST_MESSAGE and str(caught.value).isprintable()
    assert list(tmp_path.iterdir()) == []


def test_a_part_that_is_a_link_is_not_written_through(site: Site, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_bytes(b"mine")
    (tmp_path / "file.part").symlink_to(other)
    with pytest.raises(CrosscamError, match="cannot write"):
        fetch(f"{site.address}/whole", tmp_path / "file", manners())
    assert other.read_bytes() == b"mine"


def test_an_archive_that_unpacks_to_too_much_is_removed(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("model.dataset.download.JSON_AT_MOST", 1000)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("annotations/instances_train2017.json", bytes(1 << 20))
    site.files["/a.zip"] = buffer.getvalue()
    with pytest.raises(CrosscamError, match=r"damaged \(annotations/.* has 1,048,576 bytes\); it is removed"):
        fetch_annotations(tmp_path, manners(), f"{site.address}/a.zip", None, ["train2017"])
    assert list((tmp_path / "annotations").iterdir()) == []


@pytest.mark.parametrize("name", ["../1.jpg", "/1.jpg", "a/1.jpg", "a/b/../../annotations", "a/b", "a/b/."])
def test_no_photograph_is_written_outside_of_the_data(site: Site, tmp_path: Path, name: str) -> None:
    sample = Sample(tmp_path / "data" / name, (1, 0, 0), Source("a", "b"), "", (), f"{site.address}/whole")
    with pytest.raises(CrosscamError, match=r"a/b: the annotations name a picture .* outside of"):
        fetch_pictures([sample], manners(), within=tmp_path / "data")
    assert not site.asked
