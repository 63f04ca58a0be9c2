"""COCO-format trees: labels, frames, and what happens to broken ones."""

from __future__ import annotations

import json
import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from model.errors import LONGEST_MESSAGE, CrosscamError

pytest.importorskip("pycocotools")

from model.dataset.coco import Source, count_labels, read_source
from model.dataset.frames import fit_frame, load_frames
from model.preprocessing import camera_path, pack_rgb565

TOY = Source("toy", "train")
Change = Callable[[dict[str, Any]], object]


def annotations_of(root: Path) -> Path:
    return root / "toy" / "annotations" / "instances_train.json"


def rewrite(path: Path, change: Change) -> None:
    data = json.loads(path.read_text(encoding="utf-8"))
    change(data)
    path.write_text(json.dumps(data), encoding="utf-8")


def test_labels_follow_the_rule(coco_tree: Path) -> None:
    samples = read_source(coco_tree, TOY)
    labels = {int(sample.path.stem): sample.label for sample in samples}
    assert labels == {11: (0, 0, 1), 12: (1, 0, 0), 13: (1, 0, 1), 14: (0, 1, 0), 15: (0, 1, 0)}
    assert count_labels(samples) == {"images": 5, "car": 2, "negative": 2, "person": 2}
    assert {sample.license for sample in samples} == {"Attribution License"}


def test_other_classes_and_shares_can_be_asked_for(coco_tree: Path) -> None:
    samples = read_source(coco_tree, TOY, {"dog": 0.2})
    assert count_labels(samples, {"dog": 0.2}) == {"images": 6, "dog": 1, "negative": 5}


def test_an_unknown_class_is_named(coco_tree: Path) -> None:
    with pytest.raises(CrosscamError, match="no category 'cat'; the nearest is 'car'; it has car, dog, person"):
        read_source(coco_tree, TOY, {"cat": 0.1})


def test_missing_annotations_are_named(coco_tree: Path) -> None:
    with pytest.raises(CrosscamError, match=r"instances_val\.json: no such annotations"):
        read_source(coco_tree, Source("toy", "val"))


def test_a_missing_picture_folder_is_named(coco_tree: Path) -> None:
    (coco_tree / "toy" / "train").rename(coco_tree / "toy" / "elsewhere")
    with pytest.raises(CrosscamError, match="no such picture folder"):
        read_source(coco_tree, TOY)


def test_annotations_that_are_not_json(coco_tree: Path) -> None:
    annotations_of(coco_tree).write_text("{", encoding="utf-8")
    with pytest.raises(CrosscamError, match="not JSON"):
        read_source(coco_tree, TOY)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda data: data.pop("annotations"), "key 'annotations' is missing"),
        (lambda data: data["images"][0].pop("width"), r"images\[0\] lacks 'width'"),
        (lambda data: data["images"][1].update(width="w"), r"images\[1\]: width is 'w'; expected a number of pixels"),
        (lambda data: data["images"][1].update(id="a"), r"images\[1\]: id is 'a'; expected an integer"),
        (lambda data: data["images"].append("a picture"), r"images\[6\] is 'a picture'"),
        (lambda data: data["annotations"][0].pop("image_id"), r"annotations\[0\] lacks 'image_id'"),
        (lambda data: data["annotations"][0].pop("area"), r"annotations\[0\] lacks 'area'"),
        (lambda data: data["annotations"][2].update(area=None), r"annotations\[2\]: area is null; expected an area"),
        (lambda data: data["annotations"][2].update(area=float("nan")), "NaN is no number of JSON"),
        (
            lambda data: data["annotations"][1].update(category_id=7),
            r"annotations\[1\] names category 7, which the file",
        ),
        (lambda data: data["categories"][0].pop("name"), r"categories\[0\] lacks 'name'"),
        (lambda data: data["licenses"][0].pop("id"), r"licenses\[0\] lacks 'id'"),
        (lambda data: data["images"][0].update(license=[4]), r"images\[0\]: license is \[4\]; expected the id"),
        (lambda data: data["images"][0].update(width=10**60), r"images\[0\]: width is a number of 200 bits; expected"),
        (
            lambda data: data["annotations"][0].update(iscrowd="no"),
            r"annotations\[0\]: iscrowd is 'no'; expected 0 or 1",
        ),
        (lambda data: data.update(licenses="none"), "key 'licenses' is 'none'; expected a list"),
    ],
)
def test_annotations_that_lack_keys(coco_tree: Path, change: Change, message: str) -> None:
    rewrite(annotations_of(coco_tree), change)
    with pytest.raises(CrosscamError, match=message):
        read_source(coco_tree, TOY)


@pytest.mark.parametrize(
    "name",
    ["/etc/passwd", "../../../x.jpg", "..", ".", "a/../b.jpg", "a//b.jpg", "a\\b.jpg", "a\0b", "a\nb", "a" * 256],
)
def test_pictures_stay_below_the_data_root(coco_tree: Path, name: str) -> None:
    rewrite(annotations_of(coco_tree), lambda data: data["images"][0].update(file_name=name))
    with pytest.raises(CrosscamError, match=r"train: file_name '.*': it ") as caught:
        read_source(coco_tree, TOY)
    assert len(str(caught.value)) <= LONGEST_MESSAGE and str(caught.value).isprintable()


def test_a_region_of_many_is_no_object_and_no_sign_of_a_negative(coco_tree: Path) -> None:
    """11 shows a person, 13 a person and a car, 14 a dog: each object becomes a crowd."""

    def crowd(data: dict[str, Any]) -> None:
        for annotation in data["annotations"]:
            annotation["iscrowd"] = int(annotation["image_id"] in (11, 14) or annotation["area"] == 4000.0)

    rewrite(annotations_of(coco_tree), crowd)
    labels = {int(sample.path.stem): sample.label for sample in read_source(coco_tree, TOY)}
    assert labels == {12: (1, 0, 0), 13: (0, 0, 1), 14: (0, 1, 0), 15: (0, 1, 0)}


@pytest.mark.parametrize(
    "text",
    ["[" * 100_000, '{"images": ' + "9" * 5000 + "}", '{"images": 1e999}', '{"images": [\ud800]}', "\0", "[]", "3"],
)
def test_annotations_that_would_bring_a_reader_down(coco_tree: Path, text: str) -> None:
    annotations_of(coco_tree).write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(CrosscamError) as caught:
        read_source(coco_tree, TOY)
    assert len(str(caught.value)) <= LONGEST_MESSAGE and str(caught.value).isprintable()


def test_annotations_that_are_no_plain_file(coco_tree: Path) -> None:
    annotations_of(coco_tree).unlink()
    os.mkfifo(annotations_of(coco_tree))
    with pytest.raises(CrosscamError, match="it is a pipe or a device, not a plain file"):
        read_source(coco_tree, TOY)


def test_unreadable_pictures_are_skipped_counted_and_named(coco_tree: Path, caplog: pytest.LogCaptureFixture) -> None:
    broken = coco_tree / "toy" / "train" / f"{12:012d}.jpg"
    broken.write_bytes(broken.read_bytes()[:300])
    (coco_tree / "toy" / "train" / f"{14:012d}.jpg").unlink()
    frames = load_frames(read_source(coco_tree, TOY))
    assert [int(sample.path.stem) for sample in frames.samples] == [11, 13, 15]
    assert len(frames.skipped) == 2
    assert broken.name in frames.skipped[0]
    assert "skipped 2 of 5 pictures" in caplog.text
    np.testing.assert_array_equal(frames.labels, [[0, 0, 1], [1, 0, 1], [0, 1, 0]])


def test_a_decompression_bomb_is_skipped(coco_tree: Path) -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")
    (coco_tree / "toy" / "train" / f"{12:012d}.jpg").write_bytes(bomb)
    frames = load_frames(read_source(coco_tree, TOY))
    assert len(frames) == 4
    assert "decompression bomb" in frames.skipped[0]


def test_annotations_without_licences_are_read(coco_tree: Path) -> None:
    rewrite(annotations_of(coco_tree), lambda data: data.pop("licenses"))
    assert {sample.license for sample in read_source(coco_tree, TOY)} == {"unknown"}


def test_no_readable_picture_is_an_error(coco_tree: Path) -> None:
    samples = read_source(coco_tree, TOY)[:1]
    samples[0].path.write_bytes(b"")
    with pytest.raises(CrosscamError, match="no picture could be read"):
        load_frames(samples)


def test_frames_fill_the_camera_and_keep_the_centre(tmp_path: Path) -> None:
    # Twice as wide as the camera's view: the outer thirds are cut away, the middle stays.
    wide = np.zeros((240, 960, 3), np.uint8)
    wide[:, :320], wide[:, 320:640], wide[:, 640:] = (255, 0, 0), (0, 255, 0), (0, 0, 255)
    path = tmp_path / "wide.png"
    Image.fromarray(wide).save(path)
    frame = fit_frame(path)
    assert frame.shape == (240, 320, 3)
    assert (frame == (0, 255, 0)).all()


def test_frames_stand_upright(tmp_path: Path) -> None:
    picture = Image.new("RGB", (240, 320), "red")
    picture.paste("blue", (0, 0, 120, 320))
    exif = picture.getexif()
    exif[0x0112] = 6  # the camera was turned: rotate a quarter clockwise to show it
    picture.save(tmp_path / "turned.png", exif=exif)
    frame = fit_frame(tmp_path / "turned.png")
    assert frame[10, 160].tolist() == [0, 0, 255]
    assert frame[230, 160].tolist() == [255, 0, 0]


def test_camera_pictures_are_the_camera_path_of_each_frame(coco_tree: Path) -> None:
    frames = load_frames(read_source(coco_tree, TOY))
    pictures = frames.camera_pictures(96)
    for index, sample in enumerate(frames.samples):
        np.testing.assert_array_equal(pictures[index], camera_path(pack_rgb565(fit_frame(sample.path)), 96, 96))
    assert frames.from_source("toy/train").tolist() == [0, 1, 2, 3, 4]
    assert frames.from_source("toy/val").size == 0
