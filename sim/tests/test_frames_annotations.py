"""COCO annotations that may be anybody's: each fault one line, no name that leads away, crowds no objects."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from sim.errors import CrosscamError
from sim.frames.annotations import read_photos
from sim.frames.coco import CocoTree
from sim.frames.download import download_val2017
from sim.frames.fetch import Fetcher


def listing() -> dict[str, Any]:
    images = [{"id": n, "file_name": f"{n}.jpg", "width": 100, "height": 100, "license": 4} for n in (1, 2)]
    objects = [{"image_id": 1, "category_id": 1, "area": 6000.0}, {"image_id": 2, "category_id": 3, "area": 5000}]
    return {
        "images": images,
        "annotations": objects,
        "categories": [{"id": 1, "name": "person"}, {"id": 3, "name": "car"}, {"id": 9, "name": "dog"}],
        "licenses": [{"id": 4, "name": "CC0"}],
    }


def labels(path: Path, content: Any) -> dict[str, tuple[str, ...]]:
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return {photo.file: photo.labels for photo in read_photos(path)}


def test_a_crowd_is_no_object_and_no_negative(tmp_path: Path) -> None:
    """A region of many does not make a label; a photograph with nothing else is left out."""
    content = listing()
    file = tmp_path / "a.json"
    assert labels(file, content) == {"1.jpg": ("person",), "2.jpg": ("car",)}
    content["annotations"][0]["iscrowd"] = 1
    content["annotations"][1]["iscrowd"] = 0
    assert labels(file, content) == {"2.jpg": ("car",)}
    content["annotations"].append({"image_id": 2, "category_id": 1, "area": 9000, "iscrowd": 1})
    assert labels(file, content) == {"2.jpg": ("car",)}
    content["annotations"].append({"image_id": 1, "category_id": 1, "area": 501})
    assert labels(file, content) == {"1.jpg": ("person",), "2.jpg": ("car",)}


@pytest.mark.parametrize(
    ("key", "field", "value", "says"),
    [
        ("images", "id", "", "images[0]: id is '', expected an integer"),
        ("images", "id", True, "id is True, expected an integer"),
        ("images", "width", "\ud800", "width is '\\ud800', expected an integer"),
        ("images", "height", 0, "height is 0, expected 1 to"),
        ("images", "height", 10**50, "expected 1 to"),
        ("images", "coco_url", ["x"], "coco_url is ['x'], expected a text"),
        ("annotations", "area", "x", "annotations[0]: area is 'x', expected an area"),
        ("annotations", "area", -1, "area is -1, expected an area"),
        ("annotations", "category_id", 7, "category_id is 7, expected the id of one of its categories"),
        ("annotations", "category_id", "a" * 5000, "category_id is 'aaa"),
        ("annotations", "image_id", {}, "image_id is an object, expected an integer"),
        ("annotations", "iscrowd", "no", "iscrowd is 'no', expected 0 or 1"),
        ("categories", "name", None, "categories[0]: name is null, expected a text"),
        ("licenses", "id", [], "licenses[0]: id is [], expected an integer"),
    ],
)
def test_each_wrong_value_is_named(tmp_path: Path, key: str, field: str, value: object, says: str) -> None:
    content = listing()
    content[key][0][field] = value
    with pytest.raises(CrosscamError) as caught:
        labels(tmp_path / "a.json", content)
    text = str(caught.value)
    assert says in text and text.startswith(str(tmp_path)) and len(text) <= 320 and text.isprintable()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("[]", "categories"),
        ('{"images": 1}', "expected a list of objects"),
        ('{"images": [1], "annotations": [], "categories": []}', "images[0] is 1, expected an object"),
        ("[" * 100_000, "nested too deep"),
        ('{"images": [{"id": Infinity}]}', "Infinity is no number"),
    ],
)
def test_what_is_no_listing(tmp_path: Path, content: str, says: str) -> None:
    with pytest.raises(CrosscamError) as caught:
        labels(tmp_path / "a.json", content)
    assert says.split("[")[0] in str(caught.value)


@pytest.mark.parametrize("name", ["/etc/passwd", "../annotations/x.jpg", ".", "", "a\\..\\b", "a\0.jpg", "x" * 300, 5])
def test_no_name_leads_out_of_the_tree(tmp_path: Path, name: object) -> None:
    """Neither are pictures read there nor is anything written."""
    tree = tmp_path / "tree"
    (tree / "annotations").mkdir(parents=True)
    (tree / "val2017").mkdir()
    content = listing()
    content["images"][1] |= {"file_name": name, "coco_url": "http://127.0.0.1:9/x"}
    file = tree / "annotations" / "instances_val2017.json"
    file.write_text(json.dumps(content))
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(CrosscamError, match=r"images\[1\]: file_name"):
        CocoTree.open(tree)
    with pytest.raises(CrosscamError, match=r"images\[1\]: file_name"):
        download_val2017(tree, 2, fetcher=Fetcher(tries=1))
    assert sorted(tmp_path.rglob("*")) == before


def test_a_pipe_in_place_of_annotations_is_no_wait(tmp_path: Path) -> None:
    (tmp_path / "annotations").mkdir()
    os.mkfifo(tmp_path / "annotations" / "instances_val2017.json")
    with pytest.raises(CrosscamError, match="it is a pipe or a device, not a plain file"):
        CocoTree.open(tmp_path)
