"""Cards: what is written is read back; every kind of bad card gets one line that names file, section and key."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from model.card import Card, read_card, sha256_of, verify_model_file, write_card
from model.errors import LONGEST_MESSAGE, CrosscamError

CARD = Card(
    id="tiny",
    title='A "tiny" model, ünïcode \\ and all',
    file="model.tflite",
    sha256="00" * 32,
    labels=("car", "negative", "person"),
    macs=123,
    parameters=45,
    input_shape=(160, 160, 3),
    input_scale=1 / 128,
    input_zero_point=0,
    output_scale=1 / 256,
    output_zero_point=-128,
    thresholds=(5, -6, 127),
    self_test_pattern="xor-v1",
    self_test_expected=(-128, 0, 127),
    metrics={"int8": {"coco/val2017": {"count": 162, "macro_f1": 0.8, "car": {"count": 11}}}},
    provenance={"seed": 1, "sources": ["a", "b"], "clean": True},
)


def test_a_written_card_reads_back(tmp_path: Path) -> None:
    path = write_card(CARD, tmp_path)
    assert path == tmp_path / "card.toml"
    assert read_card(tmp_path) == replace(CARD, folder=tmp_path)
    assert read_card(path) == replace(CARD, folder=tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["card.toml"]


def test_a_missing_card_says_where_it_was_sought(tmp_path: Path) -> None:
    with pytest.raises(CrosscamError, match=r"card\.toml: no such model card"):
        read_card(tmp_path)


BAD = [
    ("[model]", "[models]", r"section \[model\] is missing"),
    ('id = "tiny"', "id = 3", r"\[model\] id: expected 1 to 64 letters .*, got 3"),
    ('id = "tiny"\n', "", r"\[model\] id: expected 1 to 64 letters .*, got nothing"),
    ('["car", "negative", "person"]', '["car", "car", "person"]', r"labels: expected names without repeats"),
    ('file = "model.tflite"', 'file = "../model.tflite"', r"file: expected the name of a file beside the card"),
    ("shape = [160, 160, 3]", "shape = [160, 160]", r"\[input\] shape: expected a list of 3 integers"),
    ("shape = [160, 160, 3]", "shape = [160, 0, 3]", r"\[input\] shape: expected positive integers"),
    ('type = "int8"', 'type = "uint8"', r"\[input\] type: expected 'int8', got 'uint8'"),
    ("scale = 0.0078125", "scale = 0", r"\[input\] scale: expected a positive number"),
    ("zero_point = -128", "zero_point = -129", r"\[output\] zero_point: expected an integer from -128 to 127"),
    ("car = 5", "car = 200", r"\[thresholds\] car: expected an integer from -128 to 127, got 200"),
    ("car = 5", "car = true", r"\[thresholds\] car: expected an integer"),
    ("car = 5\n", "", r"\[thresholds\] car: .*got nothing"),
    ("car = 5", "car = 5\nbus = 1", r"\[thresholds\] bus: expected only the model's labels"),
    ("expected = [-128, 0, 127]", "expected = [-128, 0]", r"\[self_test\] expected: expected a list of 3"),
    ("expected = [-128, 0, 127]", "expected = [-129, 0, 1]", r"\[self_test\] expected: expected int8 scores"),
    ('id = "tiny"', 'id = "a */ b"', r"\[model\] id: expected 1 to 64 letters"),
    ('id = "tiny"', 'id = "a\\nb"', r"\[model\] id: expected 1 to 64 letters"),
    ('id = "tiny"', f'id = "{"a" * 65}"', r"\[model\] id: expected 1 to 64 letters"),
    (f'sha256 = "{"00" * 32}"', 'sha256 = "*/ int x; /*"', r"\[model\] sha256: expected the 64 hexadecimal digits"),
    ('"person"]', '"per\\nson"]', r"\[model\] labels: .*expected a name of one line"),
    ('"person"]', f'"{"p" * 65}"]', r"\[model\] labels: .*expected a name of one line"),
    ('file = "model.tflite"', 'file = ".."', r"file: expected the name of a file beside the card"),
    ('file = "model.tflite"', 'file = "m\\u0000"', r"file: expected a string of one line"),
    ('file = "model.tflite"', f'file = "{"ü" * 200}"', r"file: .*longer than a file's name can be"),
    ("shape = [160, 160, 3]", "shape = [160, 160, 99999999999]", r"\[input\] shape: expected positive integers"),
    ("scale = 0.0078125", "scale = 1e300", r"\[input\] scale: expected a positive number that float32 holds"),
    ("macs = 123", f"macs = {'9' * 5000}", r"not a readable TOML card"),
    ("macs = 123", "macs = 0x" + "F" * 1000, r"not a readable TOML card \(it has an integer of more than 64 bits\)"),
    ("macs = 123", "macs = inf", r"not a readable TOML card"),
    ("macs = 123", "macs = " + "[" * 2000, r"not a readable TOML card \(it is nested too deep\)"),
    ("macs = 123", "macs" + ".a" * 90 + " = 1", r"not a readable TOML card \(it is nested too deep\)"),
    ("macs = 123", "macs" + ".a" * 50_000 + " = 1", r"not a readable TOML card \(a line has more than 100 dots\)"),
    ("seed = 1", "seed = 1979-05-27", r"provenance\.seed is a date, expected a string, number"),
    ("seed = 1", "seed = [{a = 1}]", r"provenance\.seed holds tables in a list"),
    ("[self_test]", "[self_test", r"not a readable TOML card"),
]


@pytest.mark.parametrize(("old", "new", "message"), BAD, ids=[case[2] for case in BAD])
def test_a_bad_card_is_named_in_one_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = write_card(CARD, tmp_path)
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(CrosscamError, match=message) as caught:
        read_card(path)
    assert str(path) in str(caught.value)
    assert len(str(caught.value)) <= LONGEST_MESSAGE and str(caught.value).isprintable()


def test_a_card_without_end_or_content_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "card.toml"
    os.mkfifo(path)
    with pytest.raises(CrosscamError, match="it is a pipe or a device, not a plain file"):
        read_card(path)
    path.unlink()
    path.write_bytes(bytes(1 << 20))
    with pytest.raises(CrosscamError, match="1,048,576 bytes, more than the 524,288 that are taken"):
        read_card(path)
    with pytest.raises(CrosscamError, match="not a readable TOML card"):
        read_card(tmp_path / ("n" * 300))


def test_the_model_file_must_be_the_one_described(tmp_path: Path) -> None:
    write_card(CARD, tmp_path)
    with pytest.raises(CrosscamError, match="no such model file"):
        verify_model_file(read_card(tmp_path))
    model = tmp_path / "model.tflite"
    model.write_bytes(b"weights")
    with pytest.raises(CrosscamError, match="SHA-256"):
        verify_model_file(read_card(tmp_path))
    write_card(replace(CARD, sha256=sha256_of(model)), tmp_path)
    assert verify_model_file(read_card(tmp_path)) == model
