"""A small tree in COCO's layout, made of generated pictures."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

CATEGORIES = [{"id": 1, "name": "person"}, {"id": 3, "name": "car"}, {"id": 18, "name": "dog"}]


def make_coco_tree(root: Path, folder: str, split: str, objects: dict[int, list[tuple[int, float]]]) -> Path:
    """Write pictures of 200 x 150 (30000 pixels) and their annotations.

    Args:
        objects: image id to its objects, each a category id and an area in pixels.
    """
    pictures = root / folder / split
    pictures.mkdir(parents=True)
    rng = np.random.default_rng(5)
    images, annotations = [], []
    for image_id, found in objects.items():
        name = f"{image_id:012d}.jpg"
        blocks = rng.integers(0, 256, (15, 20, 3)).astype(np.uint8)
        Image.fromarray(np.repeat(np.repeat(blocks, 10, 0), 10, 1)).save(pictures / name, quality=95)
        images.append({"id": image_id, "file_name": name, "width": 200, "height": 150, "license": 4})
        for category, area in found:
            entry = {"image_id": image_id, "category_id": category, "area": area, "bbox": [0, 0, 9, 9], "iscrowd": 0}
            annotations.append({"id": len(annotations) + 1, **entry})
    path = root / folder / "annotations" / f"instances_{split}.json"
    path.parent.mkdir(exist_ok=True)
    licenses = [{"id": 4, "name": "Attribution License"}]
    data = {"images": images, "annotations": annotations, "categories": CATEGORIES, "licenses": licenses}
    path.write_text(json.dumps(data), encoding="utf-8")
    return path


@pytest.fixture
def coco_tree(tmp_path: Path) -> Path:
    """A root whose ``toy/train`` holds a person, a car, both, a dog, nothing, and a person too small to count."""
    objects = {
        11: [(1, 1501.0)],
        12: [(3, 301.0)],
        13: [(1, 9000.0), (3, 4000.0)],
        14: [(18, 9000.0)],
        15: [],
        16: [(1, 1500.0)],
    }
    make_coco_tree(tmp_path, "toy", "train", objects)
    return tmp_path
