"""Files of strangers: only plain ones, only so much, and no text that brings a parser down."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sim.inside import path_below
from sim.reading import UnreadableError, plain_bytes, quoted, read_json, read_toml


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"[" * 100_000, "nested too deep"),
        (b'{"a":' * 50_000, "nested too deep"),
        (b"9" * 5000, "a number of 5000 digits"),
        (b"-" + b"9" * 70, "digits"),
        (b"NaN", "NaN is no number of JSON"),
        (b"[-Infinity]", "-Infinity is no number"),
        (b"1e999", "not finite"),
        (b"0." + b"1" * 5000, "not finite"),
        (b"\xff\xfe\x00", "codec"),
        (b"", "Expecting value"),
        (b'{"a": 1} x', "Extra data"),
    ],
)
def test_json_that_is_none(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(content)
    with pytest.raises(UnreadableError, match=says):
        read_json(path)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"a = " + b"[" * 50_000, "nested too deep"),
        (b"a = 99999999999999999999", "more than 64 bits"),
        (b"a = inf", "not finite"),
        (b"a = \xff", "codec"),
        (b"a", "Expected '='"),
    ],
)
def test_toml_that_is_none(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "x.toml"
    path.write_bytes(content)
    with pytest.raises(UnreadableError, match=says):
        read_toml(path)


def test_numbers_and_nesting_of_use_are_taken(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text("[" * 50 + "1e300, -18446744073709551616" + "]" * 50)
    assert read_json(path)


def test_a_pipe_a_device_and_a_folder_are_no_wait(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path, says in ((pipe, "pipe or a device"), (Path("/dev/zero"), "pipe or a device"), (tmp_path, "folder")):
        with pytest.raises(OSError, match=says):
            plain_bytes(path, 10)
    for name in ("a\0b", "\ud800", "n" * 300):
        with pytest.raises(OSError, match="."):  # noqa: RUF043
            plain_bytes(tmp_path / name, 10)


def test_a_file_may_be_too_large(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(bytes(11))
    assert plain_bytes(path, 11) == bytes(11)
    with pytest.raises(UnreadableError, match="it has 11 bytes, more than the 10 that are taken"):
        plain_bytes(path, 10)


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (None, "null"),
        ({"a": 1}, "an object"),
        ([[1]], "a list of 1"),
        (["a", 1], "['a', 1]"),
        ("a\n\x1b", r"'a\n\x1b'"),
        (True, "True"),
    ],
)
def test_a_value_is_shown(value: object, says: str) -> None:
    assert quoted(value) == says


def test_a_value_that_is_long_is_cut() -> None:
    for value in ("x" * 1_000_000, [["x"] * 9] * 100, 10**60, ["x" * 500] * 3):
        assert len(quoted(value)) <= 60


@pytest.mark.parametrize("name", ["a", "0001.jpg", "train/0001.jpg", "ä b.jpg", "..a", "a:b", "x" * 255])
def test_names_that_stay_below_a_folder(name: str) -> None:
    assert path_below(Path("/tree"), name) == Path("/tree") / name


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "/abs", "../x", "a/../../x", "a/./b", "a//b", "a/", "a\\b", "..\\x", "a\0", "a\nb", "\x1b", "\x7f",
     "\ud800", "x" * 256, "ä" * 128, "a/" * 2500 + "b", 5, None, ["a"]],
)  # fmt: skip
def test_names_that_do_not(name: object) -> None:
    with pytest.raises(UnreadableError, match="."):  # noqa: RUF043
        path_below(Path("/tree"), name)
