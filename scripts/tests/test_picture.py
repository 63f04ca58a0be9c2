"""The picture of the house says what the imports say."""

from __future__ import annotations

from graphlib import CycleError
from xml.etree import ElementTree

import pytest

from scripts.picture import TARGET, draw, levels, reduced, rooms_of

SVG = "{http://www.w3.org/2000/svg}"


def test_it_shows_every_room_and_only_arrows_down() -> None:
    rooms = rooms_of()
    assert {"scripts", "model.training", "sim.engine.devices", "sim.engine.monitor"} <= rooms.keys()
    assert "sim.engine.native" in rooms["sim.engine.cortex_m"] and "model.dataset" in rooms["model.training"]
    picture = ElementTree.fromstring(draw(rooms))
    assert {text.text for text in picture.iter(f"{SVG}text")} == rooms.keys()
    arrows = list(picture.iter(f"{SVG}line"))
    assert len(arrows) == sum(map(len, reduced(rooms).values()))
    assert all(float(each.attrib["y1"]) < float(each.attrib["y2"]) for each in arrows)


def test_the_page_has_todays() -> None:
    assert TARGET.read_text(encoding="utf-8") == draw(rooms_of()), "docs/house.svg is old: run `make picture`"


def test_an_arrow_that_follows_from_others_is_left_out() -> None:
    rooms = {"sim.a": {"sim.b", "sim.c"}, "sim.b": {"sim.c"}, "sim.c": set()}
    assert reduced(rooms) == {"sim.a": {"sim.b"}, "sim.b": {"sim.c"}, "sim.c": set()}
    assert levels(rooms) == {"sim.a": 2, "sim.b": 1, "sim.c": 0}


def test_a_circle_has_no_picture() -> None:
    with pytest.raises(CycleError):
        draw({"sim.a": {"sim.b"}, "sim.b": {"sim.a"}})
