"""Choosing samples: caps, balanced negatives, repeatability; merging by recipe; tf.data; contact sheets."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from model.dataset.choice import Choice, category_counts, choose
from model.dataset.coco import Sample, Source, count_labels, read_source
from model.dataset.frames import load_frames
from model.dataset.recipe import merge, read_recipe
from model.dataset.tfdata import tf_dataset
from model.errors import CrosscamError
from model.evaluation.pictures import confusion, contact_sheet, draw_confusion
from model.tests.conftest import make_coco_tree

SOURCE = Source("toy", "train")


def sample(number: int, label: tuple[int, int, int], *categories: str) -> Sample:
    return Sample(Path(f"{number}.jpg"), label, SOURCE, "none", tuple(sorted(categories)))


# 6 persons (two with a car), 4 cars in all, 30 negatives: 20 dogs, 6 cats, 1 both, 3 without annotation.
SAMPLES = [
    *[sample(n, (0, 0, 1), "person") for n in range(4)],
    *[sample(n, (1, 0, 1), "person", "car") for n in range(4, 6)],
    *[sample(n, (1, 0, 0), "car") for n in range(6, 8)],
    *[sample(n, (0, 1, 0), "dog") for n in range(10, 30)],
    *[sample(n, (0, 1, 0), "cat") for n in range(30, 36)],
    sample(36, (0, 1, 0), "cat", "dog"),
    *[sample(n, (0, 1, 0)) for n in range(40, 43)],
]


def test_negatives_match_the_largest_class_in_equal_shares() -> None:
    chosen = choose(SAMPLES, Choice())
    assert count_labels(chosen) == {"images": 8 + 6, "car": 4, "negative": 6, "person": 6}
    negatives = [s for s in chosen if s.label[1]]
    plain = Counter(c for s in negatives if len(s.categories) < 2 for c in s.categories or ("none",))
    assert plain["none"] == 2
    assert 1 <= plain["cat"] <= 2 and 1 <= plain["dog"] <= 2


def test_a_category_that_runs_out_leaves_its_share_to_the_rest() -> None:
    chosen = choose(SAMPLES, Choice(negatives=28))
    counts = category_counts([s for s in chosen if s.label[1]])
    assert counts[""] == 3
    assert sum(1 for s in chosen if s.label[1]) == 28
    assert counts["cat"] == 7, "all of them, the one with a dog too"
    everything = choose(SAMPLES, Choice(negatives=99))
    assert len(everything) == len(SAMPLES)


def test_a_given_list_of_negatives() -> None:
    chosen = choose(SAMPLES, Choice(negatives=5, negative_categories=("cat",)))
    assert all("cat" in s.categories for s in chosen if s.label[1])
    with pytest.raises(CrosscamError, match="negatives of 'dogs': no negative image holds one; the nearest is 'dog'"):
        choose(SAMPLES, Choice(negative_categories=("dogs",)))


def test_caps_count_an_image_for_each_of_its_classes() -> None:
    chosen = choose(SAMPLES, Choice(caps={"person": 3}, negatives=0))
    counts = count_labels(chosen)
    assert counts["person"] == 3 and counts["negative"] == 0 and counts["car"] >= 2
    with pytest.raises(CrosscamError, match="cap on 'dog': expected one of car, person"):
        choose(SAMPLES, Choice(caps={"dog": 3}))


def test_the_seed_decides() -> None:
    choice = Choice(caps={"person": 3})
    assert choose(SAMPLES, choice) == choose(SAMPLES, choice)
    assert any(choose(SAMPLES, choice) != choose(SAMPLES, replace(choice, seed=n)) for n in range(1, 5))


RECIPE = """
seed = 3
[classes]
person = 0.05
car = 0.01
[[source]]
folder = "toy"
split = "train"
[[source]]
folder = "toy"
split = "train"
all_as = "car"
most = 2
"""


def test_a_recipe_merges_the_same_every_time(coco_tree: Path) -> None:
    path = coco_tree / "recipe.toml"
    path.write_text(RECIPE, encoding="utf-8")
    recipe = read_recipe(path)
    merged = merge(recipe, coco_tree, coco_tree / "merged", "train")
    before = merged.read_bytes()
    data = json.loads(before)
    assert [image["id"] for image in data["images"]] == list(range(1, 9))
    assert {c["name"] for c in data["categories"]} == {"person", "car", "dog"}
    samples = read_source(coco_tree, Source("merged", "train"), recipe.classes)
    assert len(load_frames(samples)) == len(samples) > 5
    alone = read_source(coco_tree, SOURCE)
    assert [s.label for s in samples[:5]] == [s.label for s in alone]
    assert merge(recipe, coco_tree, coco_tree / "merged", "train").read_bytes() == before


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('folder = "toy"', 'folder = "none"', "no such annotations"),
        ("most = 2", "most = 'two'", r"source 2: most = 'two'; expected folder \(str\)"),
        ("all_as", "all", "source 2: all = 'car'; expected"),
        ("car = 0.01", "bus = 0.01", "no set has an object of class 'bus'; they have car, dog, person"),
        ("car = 0.01", "car = 7", r"minimum share \(0 to 1\)"),
        ('all_as = "car"', 'rename = { van = "car" }', "has no category 'van' to rename"),
        ("[classes]", "[classes", "not a readable TOML recipe"),
        ("seed = 3", "seed = 'a'", "seed = 'a'; expected an integer from 0"),
        ("most = 2", "most = -2", "source 2: most = -2; expected"),
    ],
)
def test_bad_recipes(coco_tree: Path, old: str, new: str, message: str) -> None:
    path = coco_tree / "recipe.toml"
    path.write_text(RECIPE.replace(old, new), encoding="utf-8")
    with pytest.raises(CrosscamError, match=message):
        merge(read_recipe(path), coco_tree, coco_tree / "merged", "train")
    assert not (coco_tree / "merged").exists()


@pytest.mark.parametrize("name", ["person_car.toml", "stanford_cars.toml"])
def test_the_shipped_recipes_read(name: str) -> None:
    recipe = read_recipe(Path(__file__).parents[2] / "configs" / name)
    assert dict(recipe.classes) == {"person": 0.05, "car": 0.01}


def test_the_stanford_cars_recipe(tmp_path: Path) -> None:
    """Every category of Stanford Cars is a model of car; all become cars beside COCO's own."""
    make_coco_tree(tmp_path, "coco", "train2017", {1: [(1, 9000.0)], 2: [(3, 9000.0)], 3: [(18, 9000.0)]})
    path = make_coco_tree(tmp_path, "stanford_cars", "train", {1: [(18, 9000.0)], 2: [(3, 100.0), (1, 9000.0)]})
    models = path.read_text(encoding="utf-8").replace("dog", "AM General Hummer SUV 2000").replace("person", "Acura RL")
    path.write_text(models, encoding="utf-8")
    recipe = read_recipe(Path(__file__).parents[2] / "configs" / "stanford_cars.toml")
    merge(recipe, tmp_path, tmp_path / "merged", "train")
    samples = read_source(tmp_path, Source("merged", "train"), recipe.classes)
    assert [s.label for s in samples] == [(0, 0, 1), (1, 0, 0), (0, 1, 0), (1, 0, 0), (1, 0, 0)]
    assert samples[3].categories == ("car",)
    assert len(load_frames(samples)) == 5


def test_tf_data(coco_tree: Path) -> None:
    pytest.importorskip("tensorflow")
    frames = load_frames(read_source(coco_tree, SOURCE))
    batches = list(tf_dataset(frames, 32, 2).as_numpy_iterator())
    assert [b[0].shape for b in batches] == [(2, 32, 32, 3), (2, 32, 32, 3), (1, 32, 32, 3)]
    np.testing.assert_array_equal(np.concatenate([b[1] for b in batches]), frames.labels)
    assert all(b[0].min() >= -1 and b[0].max() <= 1 for b in batches)
    white = replace(frames, images=np.full_like(frames.images, 255))
    assert next(iter(tf_dataset(white, 8, 1)))[0].numpy() == pytest.approx(1.0)
    first, second = ([b[1].tolist() for b in tf_dataset(frames, 8, 5, seed).as_numpy_iterator()] for seed in (4, 4))
    assert first == second
    with pytest.raises(CrosscamError, match="expected at least 1"):
        tf_dataset(frames, 0, 1)


def test_pictures(coco_tree: Path, tmp_path: Path) -> None:
    frames = load_frames(read_source(coco_tree, SOURCE))
    sheet = contact_sheet(frames, ("car", "negative", "person"), 4, seed=1, columns=3)
    assert sheet.size == (480, 2 * 134)
    assert np.asarray(sheet)[:120, :158].std() > 10, "a photograph"
    assert (np.asarray(sheet)[134:, 160:] == 255).all(), "four on two rows of three leave the rest white"
    decisions = np.array([[1, 0], [1, 1], [0, 0], [0, 1]])
    counts = confusion(decisions, np.array([[1, 0], [0, 1], [1, 0], [0, 0]]))
    assert counts.tolist() == [[[1, 1], [1, 1]], [[2, 1], [0, 1]]]
    paths = draw_confusion(counts, ("car", "person"), tmp_path / "report")
    assert [path.name for path in paths] == ["confusion.svg", "confusion.png"]
    assert paths[1].read_bytes().startswith(b"\x89PNG")
