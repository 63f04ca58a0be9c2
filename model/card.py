"""Model cards: ``card.toml`` beside a ``model.tflite`` says what the model reads, writes, and where it comes from.

The compiler, the host reference and the tests take labels, thresholds and the self-test's expected scores from here,
never from code.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from model.errors import CrosscamError, shown
from model.files import write_text
from model.inside import path_below
from model.judgement import NO_ZONE, Judgement
from model.labels import LONGEST as LONGEST_LABEL
from model.labels import label_problem
from model.reading import MEGABYTE, UnreadableError, plain_bytes, quoted, reason_of, toml_of
from model.use import Use, read_use

FILE_NAME = "card.toml"
MODEL_AT_MOST = 256 * MEGABYTE
"""Bytes of a ``.tflite``."""
MOST_LABELS = 4096
MOST_ZONES = 16
_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,29}")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,63}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_LEAST_REAL, _MOST_REAL = 1.2e-38, 3.4e38
"""Of float32."""


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
    """int8, in the order of the labels: a class is present when its score is at least this. Of grades, of which the
    highest holds, only a display makes use; a file may leave theirs out: 0."""
    self_test_pattern: str
    self_test_expected: tuple[int, ...]
    """int8 scores of the self-test pattern, in the order of the labels."""
    output_sizes: tuple[int, ...] = ()
    """Values of each of the model's outputs, in the file's order; the labels go through all of them. Empty: there is
    one output."""
    judgement: Judgement = field(default_factory=Judgement)
    """Grades and zones, where the model has them."""
    metrics: dict[str, Any] = field(default_factory=dict)
    provenance: dict[str, Any] = field(default_factory=dict)
    use: Use = field(default_factory=Use)
    folder: Path | None = None
    """Where the card was read from."""

    @property
    def outputs(self) -> int:
        """How many of the model's outputs, from the first on, hold the scores."""
        return len(self.output_sizes) or 1

    @property
    def model_path(self) -> Path:
        """The ``.tflite`` beside the card."""
        return (self.folder or Path()) / self.file


def sha256_of(path: Path) -> str:
    """Hex digest of a file's bytes.

    Raises:
        CrosscamError: as ``model_bytes``.
    """
    return hashlib.sha256(model_bytes(path)).hexdigest()


def model_bytes(path: Path) -> bytes:
    """The content of a ``.tflite``.

    Raises:
        CrosscamError: it is not there, no plain file, or larger than any model.
    """
    try:
        return plain_bytes(path, MODEL_AT_MOST)
    except FileNotFoundError as error:
        raise CrosscamError(f"{path}: no such model file; give the path of a .tflite") from error
    except (OSError, UnreadableError) as error:
        raise CrosscamError(f"{path}: cannot be read ({reason_of(error)}); give the path of a .tflite") from error


class _Section:
    """Typed access to one table of the card, with errors that name file, table and key."""

    def __init__(self, path: Path, data: dict[str, Any], name: str) -> None:
        self.path, self.name = path, name
        table = data.get(name)
        if not isinstance(table, dict):
            raise CrosscamError(f"{path}: section [{name}] is missing; see the cards in model/zoo for the layout")
        self.table = table

    def fail(self, key: str, expected: str) -> CrosscamError:
        got = quoted(self.table[key]) if key in self.table else "nothing"
        return CrosscamError(f"{self.path}: [{self.name}] {shown(key)}: expected {expected}, got {got}")

    def text(self, key: str, longest: int = 200) -> str:
        value = self.table.get(key)
        if not isinstance(value, str) or not _is_line(value, longest):
            raise self.fail(key, f"a string of one line, 1 to {longest} characters")
        return value

    def matching(self, key: str, pattern: re.Pattern[str], what: str) -> str:
        value = self.table.get(key)
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise self.fail(key, what)
        return value

    def integer(self, key: str, low: int, high: int) -> int:
        value = self.table.get(key)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise self.fail(key, f"an integer from {low} to {high}")
        return value

    def real(self, key: str) -> float:
        value = self.table.get(key)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not _LEAST_REAL < value < _MOST_REAL:
            raise self.fail(key, "a positive number that float32 holds")
        return float(value)

    def list_of(self, key: str, kind: type, what: str, count: int | None = None) -> list[Any]:
        value = self.table.get(key)
        ok = isinstance(value, list) and all(isinstance(v, kind) and not isinstance(v, bool) for v in value)
        if not ok or not value or (count is not None and len(value) != count):
            raise self.fail(key, f"a list of {count if count is not None else 'one or more'} {what}")
        return list(value)

    def int8(self, key: str, default: int | None = None) -> int:
        return self.integer(key, -128, 127) if default is None or key in self.table else default


def _is_line(text: str, longest: int) -> bool:
    return 0 < len(text) <= longest and shown(text, longest) == text


def read_card(path: Path | str) -> Card:
    """Read a card.

    Args:
        path: a ``card.toml`` or the folder that holds one.

    Raises:
        CrosscamError: missing file, bad TOML, a missing or ill-typed key, lists whose lengths do not match the labels.
    """
    path = Path(path)
    with contextlib.suppress(OSError):  # a name that cannot be: reading says so
        if path.is_dir():
            path = path / FILE_NAME
    data = toml_of(path, "card", f"model card; expected a {FILE_NAME} beside the .tflite")

    model = _Section(path, data, "model")
    inputs, output = _Section(path, data, "input"), _Section(path, data, "output")
    thresholds, self_test = _Section(path, data, "thresholds"), _Section(path, data, "self_test")
    for section in (inputs, output):
        if section.text("type") != "int8":
            raise section.fail("type", "'int8'")
    labels = tuple(model.list_of("labels", str, "strings"))
    if len(set(labels)) != len(labels):
        raise model.fail("labels", "names without repeats")
    if len(labels) > MOST_LABELS:
        raise model.fail("labels", f"at most {MOST_LABELS} names")
    for label in labels:
        if problem := label_problem(label):
            raise CrosscamError(f"{path}: [model] labels: {quoted(label)}: {problem}")
    unknown = sorted(set(thresholds.table) - set(labels))
    if unknown:
        raise thresholds.fail(unknown[0], f"only the model's labels ({shown(', '.join(labels), 100)})")
    judgement = _judgement(path, data, labels)
    sizes = tuple(output.list_of("sizes", int, "sizes of the outputs")) if "sizes" in output.table else ()
    if sizes and (min(sizes) < 1 or sum(sizes) != len(labels)):
        raise output.fail("sizes", f"values of each output, {len(labels)} in all, as many as there are labels")
    height, width, channels = inputs.list_of("shape", int, "integers (height, width, channels)", 3)
    if not 1 <= min(height, width, channels) <= max(height, width, channels) < 1 << 31:
        raise inputs.fail("shape", "positive integers")
    expected = self_test.list_of("expected", int, "int8 scores, one a label", len(labels))
    if not all(-128 <= score <= 127 for score in expected):
        raise self_test.fail("expected", "int8 scores, -128 to 127")
    file = model.text("file", 255)
    try:
        path_below(path.parent, file)
    except UnreadableError as error:
        raise model.fail("file", f"the name of a file beside the card ({error})") from error
    if "/" in file:
        raise model.fail("file", "the name of a file beside the card, without folders")
    input_scale, input_zero_point = inputs.real("scale"), inputs.int8("zero_point")
    return Card(
        id=model.matching("id", _ID, "1 to 64 letters of a-z, A-Z, 0-9, '_', '.', '+', '-', a letter or digit first"),
        title=model.text("title"),
        file=file,
        sha256=model.matching("sha256", _SHA256, "the 64 hexadecimal digits of the file's SHA-256, in small letters"),
        labels=labels,
        macs=model.integer("macs", 0, 2**62),
        parameters=model.integer("parameters", 0, 2**62),
        input_shape=(height, width, channels),
        input_scale=input_scale,
        input_zero_point=input_zero_point,
        output_scale=output.real("scale"),
        output_zero_point=output.int8("zero_point"),
        thresholds=tuple(thresholds.int8(name, 0 if name in judgement.grades else None) for name in labels),
        self_test_pattern=self_test.text("pattern"),
        self_test_expected=tuple(expected),
        output_sizes=sizes,
        judgement=judgement,
        metrics=_free_form(path, data, "metrics"),
        provenance=_free_form(path, data, "provenance"),
        use=read_use(str(path), data.get("use"), labels, input_scale, input_zero_point),
        folder=path.parent,
    )


def _judgement(path: Path, data: dict[str, Any], labels: tuple[str, ...]) -> Judgement:
    """The card's grades and zones, each of which it may lack."""
    names: tuple[str, ...] = ()
    if "grades" in data:
        grades = _Section(path, data, "grades")
        names = tuple(grades.list_of("labels", str, "labels, in order of severity"))
        at = labels.index(names[0]) if names[0] in labels else 0
        if len(names) < 2 or names != labels[at : at + len(names)]:
            raise grades.fail("labels", "two or more of the model's labels that follow one another, in their order")
    if "zones" not in data:
        return Judgement(names)
    zones = _Section(path, data, "zones")
    label, least = zones.text("label", LONGEST_LABEL), zones.table.get("least")
    if label not in labels or label in names:
        raise zones.fail("label", "one of the model's labels that is no grade")
    if (
        not isinstance(least, dict)
        or not 0 < len(least) <= MOST_ZONES
        or not all(_ZONE.fullmatch(name) and name != NO_ZONE for name in least)
    ):
        raise zones.fail("least", f"a table of 1 to {MOST_ZONES} zones, name = least int8 score, none of them 'none'")
    scores = _Section(path, {"zones.least": least}, "zones.least")
    found = {name: scores.int8(name) for name in least}
    if sorted(found.values(), reverse=True) != list(found.values()):
        raise zones.fail("least", "falling scores, the strictest zone first")
    return Judgement(names, label, found)


def _free_form(path: Path, data: dict[str, Any], name: str) -> dict[str, Any]:
    """A table of strings, numbers, booleans, lists of these and further tables; empty when it is missing."""
    table = data.get(name, {})
    if not isinstance(table, dict):
        raise CrosscamError(f"{path}: {name} is {quoted(table)}, expected a section [{name}]")
    stack: list[tuple[str, Any]] = [(name, table)]
    while stack:
        key, value = stack.pop()
        if isinstance(value, dict):
            stack.extend((f"{key}.{shown(inner, 40)}", each) for inner, each in value.items())
        elif isinstance(value, list):
            if any(isinstance(each, dict) for each in value):
                raise CrosscamError(f"{path}: {shown(key)} holds tables in a list, expected sections of their own")
            stack.extend((key, each) for each in value)
        elif not isinstance(value, (str, int, float)):
            kind = type(value).__name__
            raise CrosscamError(f"{path}: {shown(key)} is a {kind}, expected a string, number, boolean or list")
    return dict(table)


def verify_model_file(card: Card) -> Path:
    """The card's ``.tflite``, once its bytes are known to be the ones the card describes.

    Raises:
        CrosscamError: the file is missing or its SHA-256 differs.
    """
    path = card.model_path
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


def _judgement_tables(judgement: Judgement) -> dict[str, dict[str, Any]]:
    """What ``_judgement`` reads."""
    tables: dict[str, dict[str, Any]] = {}
    if judgement.grades:
        tables["grades"] = {"labels": list(judgement.grades)}
    if judgement.zones:
        tables["zones"] = {"label": judgement.zone_label, "least": dict(judgement.zones)}
    return tables


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
        "output": {"type": "int8", "scale": card.output_scale, "zero_point": card.output_zero_point}
        | ({"sizes": list(card.output_sizes)} if card.output_sizes else {}),
        "thresholds": dict(zip(card.labels, card.thresholds, strict=True)),
        **_judgement_tables(card.judgement),
        "self_test": {"pattern": card.self_test_pattern, "expected": list(card.self_test_expected)},
        "use": card.use.table(),
        "metrics": card.metrics,
        "provenance": card.provenance,
    }
    lines = [line for name, table in sections.items() for line in _table(name, table)]
    path = Path(folder) / FILE_NAME
    write_text(path, "\n".join(lines).rstrip() + "\n")
    return path
