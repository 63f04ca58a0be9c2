"""What ``model`` reads of strangers: cards, annotations, recipes, networks."""

from __future__ import annotations

import json
import random
import struct
from pathlib import Path

from model.card import read_card, write_card
from model.compiler.compile import build
from model.compiler.emit import emit
from model.compiler.tests import cases_elementwise, cases_moves, cases_networks, cases_weighted
from model.compiler.tests.host import test_card as card_of
from model.compiler.tests.maker import cases_of
from model.dataset.coco import Source, picture_path
from model.dataset.entries import read_annotations
from model.dataset.recipe import read_recipe
from model.errors import CrosscamError
from sim.fuzz.target import RefusedError, Target

_ROOT = Path(__file__).parents[2]
_CARDS = sorted((_ROOT / "model" / "zoo").glob("*/card.toml"))
_EXTREMES = (0, 1, 2, 3, 4, 7, 8, 255, 256, 0x7F, 0x80, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF)


class _Refusing(Target):
    """A parser of ``model``, whose error is of another class than the simulator's."""

    def run(self, data: bytes) -> None:
        """Read it."""
        try:
            self.read(data)
        except CrosscamError as error:
            raise RefusedError(str(error)) from None

    def read(self, data: bytes) -> None:
        """Read it; CrosscamError when it is refused."""
        raise NotImplementedError


class Cards(_Refusing):
    """``card.toml``, written again when it is good."""

    NAME = "card_toml"
    WORDS = (
        "[model]",
        "[input]",
        "id",
        "labels",
        "shape",
        "= [",
        "[[a]]",
        "{a = 1}",
        "1979-05-27",
        "nan",
        "'''",
        "a.b.c",
    )

    def corpus(self) -> list[bytes]:
        """Cards of the zoo, and their beginnings, so that mutations hit what is read."""
        cards = [card.read_bytes() for card in _CARDS]
        return [*cards, *(card.split(b"[metrics")[0] for card in cards)]

    def read(self, data: bytes) -> None:
        """Also what is done with a card that was read."""
        path = Path("card.toml")
        path.write_bytes(data)
        write_card(read_card(path), Path("again"))


class Annotations(_Refusing):
    """COCO's instance annotations."""

    NAME = "coco_model"
    WORDS = (
        "null",
        "true",
        "[]",
        "{}",
        '"iscrowd"',
        '"area"',
        '"license"',
        "NaN",
        "-Infinity",
        "../../",
        '"file_name": "."',
    )

    def corpus(self) -> list[bytes]:
        """A small set."""
        image = {"id": 1, "file_name": "1.jpg", "width": 640, "height": 480, "license": 4, "coco_url": "http://a/1.jpg"}
        found = {"id": 1, "image_id": 1, "category_id": 3, "area": 900.5, "bbox": [1, 2, 3, 4], "iscrowd": 0}
        categories = [{"id": 1, "name": "person"}, {"id": 3, "name": "car"}]
        licenses = [{"id": 4, "name": "Attribution License"}]
        document = {"images": [image], "annotations": [found], "categories": categories, "licenses": licenses}
        return [json.dumps(document).encode(), json.dumps(document, indent=0).encode()]

    def read(self, data: bytes) -> None:
        """Entries and names of pictures."""
        path = Path("instances_train.json")
        path.write_bytes(data)
        for image in read_annotations(path)["images"]:
            picture_path(Path(), Source("set", "train"), image)


class Recipes(_Refusing):
    """Recipes of merged data sets."""

    NAME = "recipe"
    WORDS = (
        "[[source]]",
        "[classes]",
        "folder",
        "split",
        "most",
        "rename",
        "all_as",
        "true",
        "[]",
        "{}",
        "-1",
        "../..",
    )

    def corpus(self) -> list[bytes]:
        """The shipped ones."""
        return [recipe.read_bytes() for recipe in sorted((_ROOT / "model" / "configs").glob("*.toml"))]

    def read(self, data: bytes) -> None:
        """Read it."""
        path = Path("recipe.toml")
        path.write_bytes(data)
        read_recipe(path)


class Models(_Refusing):
    """Networks, through the compiler to C."""

    NAME = "tflite"

    def __init__(self) -> None:
        modules = (cases_elementwise, cases_moves, cases_networks, cases_weighted)
        self._networks = [case.blob for module in modules for _, case in cases_of(module.KINDS, 2)]

    def corpus(self) -> list[bytes]:
        """One of each operator, and small networks."""
        return self._networks

    def generate(self, source: random.Random) -> bytes:
        """Some of a network's words replaced: offsets, lengths, sizes, types."""
        data = bytearray(source.choice(self._networks))
        for _ in range(source.choice((1, 1, 2, 3, 5))):
            at = source.randrange(len(data) - 4)
            if source.random() < 0.7:
                at &= ~3
            kind = source.choice(("<B", "<H", "<I"))
            (old,) = struct.unpack_from(kind, data, at)
            value = source.choice((*_EXTREMES, old + 1, old - 1, old + 4, old * 2, source.getrandbits(32)))
            struct.pack_into(kind, data, at, value & (1 << 8 * struct.calcsize(kind)) - 1)
        return bytes(data)

    def read(self, data: bytes) -> None:
        """Compile it."""
        program = build(Path("model.tflite"), data)
        emit(program.graph, program.calls, program.plan, card_of(program, "fuzzed"))
