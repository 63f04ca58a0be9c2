"""``crosscam inspect``, ``models`` and ``convert`` as a user types them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from model.card import read_card, write_card
from model.errors import CrosscamError
from scripts.main import app
from scripts.tests.conftest import MODEL


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CROSSCAM_SHELF", str(tmp_path / "shelf"))
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path / "shelf"


def crosscam(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(each) for each in arguments])


def said(*arguments: object) -> str:
    result = crosscam(*arguments)
    assert result.exit_code == 0, (result.output, result.exception)
    return result.output


def refused(*arguments: object) -> str:
    result = crosscam(*arguments)
    assert isinstance(result.exception, CrosscamError), result.output
    return str(result.exception)


def test_from_the_file_to_the_shelf_and_off_it(shelf: Path, tmp_path: Path) -> None:
    assert "person_car_160" in said("models", "list") and not shelf.exists()
    assert str(shelf / "mine") in said("models", "add", MODEL / "model.tflite", "--name", "mine")
    assert "mine" in said("models", "list")
    told = said("models", "show", "mine")
    assert (
        "score_0, score_1, score_2" in told and "scaling = symmetric (default)" in told and str(shelf / "mine") in told
    )
    assert said("inspect", "mine", "--json", tmp_path / "facts.json") in told
    facts = json.loads((tmp_path / "facts.json").read_text())
    assert (
        facts["macs"] == read_card(MODEL).macs and facts["board"]["firmware"] and facts["inputs"][0]["name"] == "image"
    )
    assert "model.c" in said("convert", "mine", tmp_path / "c")
    assert "removed" in said("models", "remove", "mine")
    assert "no such model" in refused("inspect", "mine") and "no model" in refused("models", "remove", "mine")


def test_a_card_that_is_broken_is_told_in_the_list(shelf: Path) -> None:
    said("models", "add", MODEL, "--name", "mine")
    card = shelf / "mine" / "card.toml"
    card.write_text(card.read_text().replace("[use]\n", '[use]\ntop = "\\u001b[31m"\n'))
    told = said("models", "list")
    assert "not usable" in told and "[use] top" in told and "\x1b[31m" not in told
    assert "[use] top" in refused("models", "show", "mine")


def test_names_are_shown_as_text(model_copy: Path) -> None:
    card = read_card(model_copy)
    write_card(card, model_copy)
    damaged = model_copy / "model.tflite"
    damaged.write_bytes(damaged.read_bytes().replace(b"image\0", b"[re]\x1b\0"))
    told = said("inspect", damaged.rename(model_copy / "other.tflite"))
    assert "input: [re]\\x1b int8" in told
