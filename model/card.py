"""Model cards: ``card.toml`` beside a ``model.tflite`` says what the model reads, writes, and where it comes from.

The compiler, the host reference and the tests take labels, thresholds and the self-test's expected scores from here,
never from code.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from model.errors import CrosscamError
from model.files import write_text

FILE_NAME = "card.toml"


@dataclass(frozen=True)
class Card:
    """One model's card; the field names follow the sections and keys of the file.

    ``metrics`` and ``provenance`` are free-form (figures with their counts; data sets, licences, seeds, commands):
    nested dictionaries of strings, numbers, booleans and lists of these.
    """

    id: str
    title: str
    file: str
    sha256: str
    labels: tuple[str, ...]
    macs: int
    parameters: int
    input_shape: tuple[int, int, int]
    """Height, width, channels."""
    input_scale: float
    input_zero_point: int
    output_scale: float
    output_zero_point: int
    thresholds: tuple[int, ...]
    """int8, in the order of the labels: a class is present when its score is at least this."""
    self_test_pattern: str
    self_test_expected: tuple[int, ...]
    """int8 scores of the self-test pattern, in the order of the labels."""
    metrics: dict[str, Any] = field(default_factory=dict)
    provenance: dict[str, Any] = field(default_factory=dict)
    folder: Path | None = None
    """Where the card was read from."""

    @property
    def model_path(self) -> Path:
        """The ``.tflite`` beside the card."""
        return (self.folder or Path()) / self.file


def sha256_of(path: Path) -> str:
    """Hex digest of a file's bytes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


class _Section:
    """Typed access to one table of the card, with errors that name file, table and key."""

    def __init__(self, path: Path, data: dict[str, Any], name: str) -> None:
        self.path, self.name = path, name
        table = data.get(name)
        if not isinstance(table, dict):
            raise CrosscamError(f"{path}: section [{name}] is missing; see the cards in model/zoo for the layout")
        self.table = table

    def fail(self, key: str, expected: str) -> CrosscamError:
        got = repr(self.table[key]) if key in self.table else "nothing"
        return CrosscamError(f"{self.path}: [{self.name}] {key}: expected {expected}, got {got}")

    def text(self, key: str) -> str:
        value = self.table.get(key)
        if not isinstance(value, str) or not value:
            raise self.fail(key, "a string")
        return value

    def integer(self, key: str, low: int, high: int) -> int:
        value = self.table.get(key)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise self.fail(key, f"an integer from {low} to {high}")
        return value

    def real(self, key: str) -> float:
        value = self.table.get(key)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not value > 0:
            raise self.fail(key, "a positive number")
        return float(value)

    def list_of(self, key: str, kind: type, what: str, count: int | None = None) -> list[Any]:
        value = self.table.get(key)
        ok = isinstance(value, list) and all(isinstance(v, kind) and not isinstance(v, bool) for v in value)
        if not ok or not value or (count is not None and len(value) != count):
            raise self.fail(key, f"a list of {count if count is not None else 'one or more'} {what}")
        return list(value)

    def int8(self, key: str) -> int:
        return self.integer(key, -128, 127)


def read_card(path: Path | str) -> Card:
    """Read a card.

    Args:
        path: a ``card.toml`` or the folder that holds one.

    Raises:
        CrosscamError: missing file, bad TOML, a missing or ill-typed key, lists whose lengths do not match the labels.
    """
    path = Path(path)
    if path.is_dir():
        path = path / FILE_NAME
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise CrosscamError(f"{path}: no such model card; expected a {FILE_NAME} beside the .tflite") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CrosscamError(f"{path}: not a readable TOML card ({error})") from error

    model = _Section(path, data, "model")
    inputs, output = _Section(path, data, "input"), _Section(path, data, "output")
    thresholds, self_test = _Section(path, data, "thresholds"), _Section(path, data, "self_test")
    for section in (inputs, output):
        if section.text("type") != "int8":
            raise section.fail("type", "'int8'")
    labels = tuple(model.list_of("labels", str, "strings"))
    if len(set(labels)) != len(labels):
        raise model.fail("labels", "names without repeats")
    unknown = sorted(set(thresholds.table) - set(labels))
    if unknown:
        raise thresholds.fail(unknown[0], f"only the model's labels ({', '.join(labels)})")
    height, width, channels = inputs.list_of("shape", int, "integers (height, width, channels)", 3)
    if min(height, width, channels) < 1:
        raise inputs.fail("shape", "positive integers")
    expected = self_test.list_of("expected", int, "int8 scores, one a label", len(labels))
    if not all(-128 <= score <= 127 for score in expected):
        raise self_test.fail("expected", "int8 scores, -128 to 127")
    file = model.text("file")
    if Path(file).name != file:
        raise model.fail("file", "the name of a file beside the card, without folders")
    return Card(
        id=model.text("id"),
        title=model.text("title"),
        file=file,
        sha256=model.text("sha256"),
        labels=labels,
        macs=model.integer("macs", 0, 2**62),
        parameters=model.integer("parameters", 0, 2**62),
        input_shape=(height, width, channels),
        input_scale=inputs.real("scale"),
        input_zero_point=inputs.int8("zero_point"),
        output_scale=output.real("scale"),
        output_zero_point=output.int8("zero_point"),
        thresholds=tuple(thresholds.int8(label) for label in labels),
        self_test_pattern=self_test.text("pattern"),
        self_test_expected=tuple(expected),
        metrics=dict(data.get("metrics", {})),
        provenance=dict(data.get("provenance", {})),
        folder=path.parent,
    )


def verify_model_file(card: Card) -> Path:
    """The card's ``.tflite``, once its bytes are known to be the ones the card describes.

    Raises:
        CrosscamError: the file is missing or its SHA-256 differs.
    """
    path = card.model_path
    if not path.is_file():
        raise CrosscamError(f"{path}: the card names this model file, but it is not there")
    digest = sha256_of(path)
    if digest != card.sha256:
        raise CrosscamError(
            f"{path}: SHA-256 is {digest[:16]}..., the card says {card.sha256[:16]}...; restore the file or its card"
        )
    return path


def _value(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(_value(v) for v in value)}]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)  # JSON's string escapes are valid in TOML basic strings
    if isinstance(value, (int, float)):
        return repr(value)
    raise TypeError(f"a card holds strings, numbers, booleans and lists, not {type(value).__name__}")


def _key(key: str) -> str:
    return key if key.replace("_", "").replace("-", "").isalnum() and key.isascii() else json.dumps(key)


def _table(name: str, table: dict[str, Any]) -> list[str]:
    """TOML lines of a table: its own keys first, then its sub-tables under dotted names."""
    plain = {key: value for key, value in table.items() if not isinstance(value, dict)}
    lines = []
    if plain:
        lines = [f"[{name}]", *(f"{_key(key)} = {_value(value)}" for key, value in plain.items()), ""]
    for key, value in table.items():
        if isinstance(value, dict):
            lines += _table(f"{name}.{_key(key)}", value)
    return lines


def write_card(card: Card, folder: Path | str) -> Path:
    """Write ``card.toml`` into a folder (beside, then renamed) and return its path."""
    shape = list(card.input_shape)
    sections: dict[str, dict[str, Any]] = {
        "model": {
            "id": card.id,
            "title": card.title,
            "file": card.file,
            "sha256": card.sha256,
            "labels": list(card.labels),
            "macs": card.macs,
            "parameters": card.parameters,
        },
        "input": {"shape": shape, "type": "int8", "scale": card.input_scale, "zero_point": card.input_zero_point},
        "output": {"type": "int8", "scale": card.output_scale, "zero_point": card.output_zero_point},
        "thresholds": dict(zip(card.labels, card.thresholds, strict=True)),
        "self_test": {"pattern": card.self_test_pattern, "expected": list(card.self_test_expected)},
        "metrics": card.metrics,
        "provenance": card.provenance,
    }
    lines = [line for name, table in sections.items() for line in _table(name, table)]
    path = Path(folder) / FILE_NAME
    write_text(path, "\n".join(lines).rstrip() + "\n")
    return path
