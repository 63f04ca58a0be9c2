"""Where frames come from: COCO trees, the demo set, one's own photographs; and the sheet to look at them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from sim.errors import CrosscamError
from sim.frames import demo
from sim.frames.annotations import Photo, labels_of
from sim.frames.coco import CocoTree, choose, coco_folder
from sim.frames.convert import to_frame
from sim.frames.demo import demo_folder, demo_photos
from sim.frames.folder import FrameFolder
from sim.frames.photos import photo_folder
from sim.frames.picture import caption, contact_sheet, save_contact_sheet

CATEGORIES = [{"id": 1, "name": "person"}, {"id": 3, "name": "car"}, {"id": 18, "name": "dog"}]


def coco_tree(root: Path, images: dict[int, list[tuple[int, float]]], split: str = "val2017") -> Path:
    """A tree of 100 x 100 pictures; ``images``: id -> (category, area in per cent) of its objects."""
    (root / split).mkdir(parents=True, exist_ok=True)
    (root / "annotations").mkdir(exist_ok=True)
    listing: dict[str, Any] = {"categories": CATEGORIES, "licenses": [{"id": 4, "name": "Attribution License"}]}
    listing |= {"images": [], "annotations": []}
    for identity, objects in images.items():
        name = f"{identity:012}.jpg"
        Image.new("RGB", (100, 100), (identity % 256, 0, 0)).save(root / split / name)
        listing["images"].append({"id": identity, "file_name": name, "width": 100, "height": 100, "license": 4})
        for category, share in objects:
            entry = {"image_id": identity, "category_id": category, "area": share * 100}
            listing["annotations"].append(entry)
    (root / "annotations" / f"instances_{split}.json").write_text(json.dumps(listing))
    return root


@pytest.mark.parametrize(
    ("objects", "labels"),
    [
        ([], ()),
        ([("dog", 90)], ()),
        ([("person", 5.01)], ("person",)),
        ([("person", 5.0)], None),
        ([("car", 1.01)], ("car",)),
        ([("car", 1.0)], None),
        ([("person", 4), ("person", 4)], None),
        ([("person", 4), ("car", 2)], ("car",)),
        ([("person", 50), ("car", 2), ("dog", 1)], ("car", "person")),
    ],
)
def test_labels_follow_the_largest_object(objects: list[tuple[str, float]], labels: tuple[str, ...] | None) -> None:
    assert labels_of(objects, 100) == labels


def test_a_tree_gives_its_photographs_by_id_without_the_doubtful(tmp_path: Path) -> None:
    coco = CocoTree.open(coco_tree(tmp_path, {9: [(1, 50)], 2: [(3, 0.5)], 3: [(18, 60)], 4: [(1, 9), (3, 9)]}))
    assert [(photo.file, photo.labels) for photo in coco.photos] == [
        ("000000000003.jpg", ()),
        ("000000000004.jpg", ("car", "person")),
        ("000000000009.jpg", ("person",)),
    ]
    assert {photo.license for photo in coco.photos} == {"Attribution License"}


def test_val2017_is_preferred_and_a_split_can_be_named(tmp_path: Path) -> None:
    coco_tree(tmp_path, {1: []}, "train2017")
    assert CocoTree.open(tmp_path).pictures.name == "train2017"
    coco_tree(tmp_path, {2: []}, "val2017")
    assert CocoTree.open(tmp_path).pictures.name == "val2017"
    assert CocoTree.open(tmp_path, "train2017").photos[0].file == "000000000001.jpg"


def photos(cars: int, persons: int, negatives: int) -> list[Photo]:
    labels = [("car", "person")] * cars + [("person",)] * persons + [()] * negatives
    return [Photo(f"{index:04}.jpg", names, "") for index, names in enumerate(labels)]


def test_the_choice_is_balanced_and_the_same_every_time() -> None:
    chosen = choose(photos(20, 40, 60), 30)
    assert sum("car" in photo.labels for photo in chosen) == 10
    assert sum(not photo.labels for photo in chosen) == 10
    assert chosen == choose(list(reversed(photos(20, 40, 60))), 30)
    assert chosen[:12] == choose(photos(20, 40, 60), 12)
    assert chosen != choose(photos(20, 40, 60), 30, seed=1)
    assert len(set(chosen)) == 30


def test_a_side_that_runs_out_is_filled_from_the_others() -> None:
    chosen = choose(photos(1, 0, 9), 6)
    assert len(chosen) == 6 and sum("car" in photo.labels for photo in chosen) == 1
    assert len(choose(photos(1, 1, 1), 50)) == 3


def test_a_coco_folder_holds_pictures_labels_and_licences(tmp_path: Path) -> None:
    tree = coco_tree(tmp_path / "coco", {200: [(1, 50)], 10: []})
    folder = coco_folder(tree, tmp_path / "out")
    assert folder.set_name == "coco"
    assert [(entry.source, entry.labels, entry.license) for entry in folder.entries] == [
        ("000000000010.jpg", (), "Attribution License"),
        ("000000000200.jpg", ("person",), "Attribution License"),
    ]
    assert abs((int(folder.pixels(1)[0, 0]) >> 11) - (200 >> 3)) <= 1  # JPEG may move it by one
    assert len(coco_folder(tree, tmp_path / "one", count=1).entries) == 1


def test_pictures_that_were_not_downloaded_are_left_out(tmp_path: Path) -> None:
    tree = coco_tree(tmp_path, {1: [], 2: []})
    (tree / "val2017" / "000000000001.jpg").unlink()
    assert [photo.file for photo in CocoTree.open(tree).on_disk()] == ["000000000002.jpg"]
    (tree / "val2017" / "000000000002.jpg").unlink()
    with pytest.raises(CrosscamError, match="none of the 2 labelled pictures is there"):
        CocoTree.open(tree).on_disk()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("no", "cannot be read as JSON"),
        ("{}", "not COCO instance annotations"),
        ('{"categories": [], "images": [], "annotations": [{"category_id": 1}]}', "not COCO instance annotations"),
        ("[]", "not COCO instance annotations"),
    ],
)
def test_damaged_annotations_are_named(tmp_path: Path, text: str, says: str) -> None:
    coco_tree(tmp_path, {})
    (tmp_path / "annotations" / "instances_val2017.json").write_text(text)
    with pytest.raises(CrosscamError, match=rf"instances_val2017\.json: {says}"):
        CocoTree.open(tmp_path)


def test_a_missing_tree_says_what_was_expected(tmp_path: Path) -> None:
    for tree in (tmp_path / "none", tmp_path):
        with pytest.raises(CrosscamError, match="expected COCO's layout"):
            CocoTree.open(tree)
    with pytest.raises(CrosscamError, match=r"instances_test\.json: no such annotations"):
        CocoTree.open(tmp_path, "test")


# The demo set


def test_the_demo_set_has_persons_and_negatives_with_their_licences(tmp_path: Path) -> None:
    folder = demo_folder(tmp_path / "demo")
    persons = [entry for entry in folder.entries if entry.labels == ("person",)]
    negatives = [entry for entry in folder.entries if entry.labels == () and entry.labelled]
    assert len(persons) >= 6 and len(negatives) >= 6 and len(persons) + len(negatives) == len(folder.entries) >= 12
    frames = [folder.pixels(index) for index in range(len(folder.entries))]
    assert all(len(np.unique(frame)) > 20 for frame in frames), "a frame is nearly blank"
    assert len({frame.tobytes() for frame in frames}) == len(frames), "two frames are the same"


def test_every_demo_photograph_says_whose_it_is() -> None:
    for photo in demo_photos():
        assert photo.license.startswith(("CC0", "public domain", "no known copyright")), photo
        assert photo.origin and set(photo.labels) <= {"car", "person"}
    assert len({photo.name for photo in demo_photos()}) == len(demo_photos())


def test_crop_and_mirror_are_applied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    picture = Image.new("RGB", (640, 480), "black")
    picture.paste("white", (0, 0, 160, 240))
    picture.save(tmp_path / "a.png")
    monkeypatch.setattr(demo, "package_folder", lambda name: tmp_path)
    whole = demo.DemoPhoto("a", "p", "a.png", (), "CC0", "", crop=(0, 0, 320, 240), mirror=True)
    frame = whole.shot().pixels
    assert (frame[:, :160] == 0).all() and (frame[:, 160:] == 0xFFFF).all()


def test_a_missing_package_is_named() -> None:
    with pytest.raises(CrosscamError, match="needs the package no_such_package_here"):
        demo.package_folder("no_such_package_here")


def test_a_damaged_table_is_named(tmp_path: Path) -> None:
    (tmp_path / "demo.toml").write_text('[[photo]]\nname = "a"\n')
    with pytest.raises(CrosscamError, match=r"demo\.toml: not a table of demo photographs"):
        demo_photos(tmp_path / "demo.toml")


# One's own photographs


def test_folder_names_are_labels(tmp_path: Path) -> None:
    names = ["car/a.png", "Person/b.png", "car+person/c.png", "negative/d.png", "e.png", "person/close/f.png"]
    for name in [*names, ".hidden/x.png"]:
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (32, 24), "red").save(tmp_path / "in" / name)
    (tmp_path / "in" / "notes.txt").write_text("not a picture")
    folder = photo_folder(tmp_path / "in", tmp_path / "out")
    assert {entry.source: entry.labels if entry.labelled else None for entry in folder.entries} == {
        "car/a.png": ("car",),
        "Person/b.png": ("person",),
        "car+person/c.png": ("car", "person"),
        "negative/d.png": (),
        "e.png": None,
        "person/close/f.png": ("person",),
    }
    assert folder.set_name == "in"
    assert (folder.pixels(0) == to_frame(Image.new("RGB", (1, 1), "red"))).all()


def test_a_folder_without_pictures_is_named(tmp_path: Path) -> None:
    with pytest.raises(CrosscamError, match="no pictures in it"):
        photo_folder(tmp_path, tmp_path / "out")
    with pytest.raises(CrosscamError, match=r"none: no such folder"):
        photo_folder(tmp_path / "none", tmp_path / "out")


# The sheet


def test_the_sheet_shows_every_frame(tmp_path: Path) -> None:
    for index, colour in enumerate(("red", "lime", "blue", "white", "black")):
        Image.new("RGB", (32, 24), colour).save(tmp_path / f"{index}.png")
    folder = photo_folder(tmp_path, tmp_path / "out")
    sheet = contact_sheet(folder, columns=2)
    assert sheet.width > 640 and sheet.height > 720
    seen = {sheet.getpixel((x, y)) for x in (160, 480) for y in (120, 380, 640)}
    assert {(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (0, 0, 0)} <= seen
    save_contact_sheet(folder, tmp_path / "sheet.png", scale=0.25)
    assert Image.open(tmp_path / "sheet.png").width < 400
    with pytest.raises(CrosscamError, match=r"cannot write .*sheet\.png"):
        save_contact_sheet(folder, tmp_path / "none" / "sheet.png")


def test_captions_say_what_is_expected(tmp_path: Path) -> None:
    (tmp_path / "negative").mkdir()
    Image.new("RGB", (8, 6)).save(tmp_path / "negative" / "a.png")
    Image.new("RGB", (8, 6)).save(tmp_path / "b.png")
    entries = {entry.source: entry for entry in photo_folder(tmp_path, tmp_path / "out").entries}
    assert caption(3, entries["negative/a.png"]) == "3 negative/a.png: negative"
    assert caption(0, entries["b.png"]) == "0 b.png: ?"


def test_frame_folders_open_with_what_the_camera_reads(tmp_path: Path) -> None:
    Image.new("RGB", (8, 6)).save(tmp_path / "b.png")
    photo_folder(tmp_path, tmp_path / "out")
    assert FrameFolder.open(tmp_path / "out").play_order() == [0]
