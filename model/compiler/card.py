"""The model card (card.toml) as far as the compiler needs it: read, checked, and held against the .tflite."""

from __future__ import annotations

import hashlib
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model.compiler.ir import Graph
from model.errors import CrosscamError

CARD_NAME = "card.toml"
_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}")


@dataclass(frozen=True)
class Card:
    """What goes into nn_model_t; thresholds and expected scores are int8, in the order of ``labels``."""

    path: Path
    id: str
    model_path: Path
    sha256: str
    labels: list[str]
    thresholds: list[int]
    self_test_expected: list[int]
    input_shape: list[int]


def find_card(source: Path) -> Path:
    """card.toml of ``source``: a model folder, or the .tflite beside the card."""
    if not source.exists():
        raise CrosscamError(f"{source}: no such model; give a folder with {CARD_NAME} and its .tflite (model/zoo/NAME)")
    path = (source if source.is_dir() else source.parent) / CARD_NAME
    if not path.is_file():
        raise CrosscamError(f"{path}: model card missing; every model folder needs one beside its .tflite")
    return path


def read_card(source: Path) -> tuple[Card, bytes]:
    """The card of ``source`` and the bytes of the .tflite it names, whose SHA-256 has to be the card's."""
    path = find_card(source)
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CrosscamError(f"{path}: not valid TOML: {error}") from error
    except OSError as error:
        raise CrosscamError(f"{path}: cannot be read: {error.strerror}") from error
    section = _Section(path, content)
    labels = section.strings("model", "labels")
    file = section.text("model", "file")
    model_path = path.parent / file
    if not source.is_dir() and source.name != model_path.name:
        raise CrosscamError(f"{path}: describes '{file}', not '{source.name}'; give the folder or the file it names")
    identifier = section.text("model", "id")
    if not _ID.fullmatch(identifier):
        raise CrosscamError(f"{path}: [model] id '{identifier}' may hold letters, digits, '_', '.', '-' only, up to 64")
    blob = _read_model(model_path)
    card = Card(
        path,
        identifier,
        model_path,
        hashlib.sha256(blob).hexdigest(),
        labels,
        [section.int8("thresholds", label) for label in labels],
        section.int8_list("self_test", "expected", len(labels)),
        section.integers("input", "shape"),
    )
    promised = section.text("model", "sha256")
    if promised != card.sha256:
        raise CrosscamError(
            f"{model_path}: SHA-256 is {card.sha256[:12]}..., {path.name} says {promised[:12]}...; "
            "the file is damaged, or the card is of another model"
        )
    return card, blob


def check_card(card: Card, graph: Graph) -> None:
    """Hold the card's input shape and labels against the graph."""
    if list(graph.input.shape) != [1, *card.input_shape]:
        shape = list(graph.input.shape[1:])
        raise CrosscamError(f"{card.path}: [input] shape {card.input_shape}, but {card.model_path.name} takes {shape}")
    if graph.output.size != len(card.labels):
        raise CrosscamError(
            f"{card.path}: {len(card.labels)} labels, but {card.model_path.name} gives {graph.output.size} scores"
        )


def _read_model(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CrosscamError(f"{path}: model file cannot be read: {error.strerror}") from error


@dataclass(frozen=True)
class _Section:
    """Typed look-ups in the parsed card; a wrong or missing key is one clear error."""

    path: Path
    content: dict[str, Any]

    def _value(self, table: str, key: str, kind: type, expected: str) -> Any:
        values = self.content.get(table)
        value = values.get(key) if isinstance(values, dict) else None
        if not isinstance(value, kind) or isinstance(value, bool):
            raise CrosscamError(f"{self.path}: [{table}] {key} is {value!r}, expected {expected}")
        return value

    def text(self, table: str, key: str) -> str:
        value: str = self._value(table, key, str, "text")
        return value

    def strings(self, table: str, key: str) -> list[str]:
        values: list[Any] = self._value(table, key, list, "a list of texts")
        if not values or not all(isinstance(value, str) and value.isprintable() for value in values):
            raise CrosscamError(f"{self.path}: [{table}] {key} is {values!r}, expected a list of texts")
        return values

    def integers(self, table: str, key: str) -> list[int]:
        values: list[Any] = self._value(table, key, list, "a list of integers")
        if not all(type(value) is int for value in values):
            raise CrosscamError(f"{self.path}: [{table}] {key} is {values!r}, expected a list of integers")
        return values

    def int8(self, table: str, key: str) -> int:
        value: int = self._value(table, key, int, "an integer in -128..127")
        return self._in_int8(table, key, value)

    def int8_list(self, table: str, key: str, length: int) -> list[int]:
        values = self.integers(table, key)
        if len(values) != length:
            raise CrosscamError(
                f"{self.path}: [{table}] {key} has {len(values)} values, expected {length}, one a label"
            )
        return [self._in_int8(table, key, value) for value in values]

    def _in_int8(self, table: str, key: str, value: int) -> int:
        if not -128 <= value <= 127:
            raise CrosscamError(f"{self.path}: [{table}] {key} holds {value}, expected an integer in -128..127")
        return value
