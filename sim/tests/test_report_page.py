"""The page: escaped, self-contained, the same for the same run; a Robot run read back from its output."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from sim.console import Prediction
from sim.errors import CrosscamError
from sim.profile.baseline import Row
from sim.report.budgets import budget_bars
from sim.report.page import Bar, MemoryBar, Page, Score, frame_shown, picture_of, render
from sim.report.suite_page import suite_page
from sim.verdict import Judged

EVIL = '<script>alert(1)</script><img src="http://example.org/x.png" onerror=x>\x1b[2J\u202e'
VOID = {"meta", "img"}


class Tags(HTMLParser):
    """Open tags, attributes and text; fails on tags that do not close in order."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.seen: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.text = ""
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, self.getpos()

    def handle_data(self, data: str) -> None:
        self.text += data


def prediction(frame: int, *scores: int, labels: tuple[str, ...] = ("car", "negative")) -> Prediction:
    return Prediction(frame, scores, 28, 13_000_000 + frame, labels)


def page(name: str = "photo") -> Page:
    picture = picture_of(np.full((240, 320), 0xF800, np.uint16))
    return Page(
        title=name,
        passed=False,
        verdict=name,
        about=name,
        figures=[(name, name)],
        problems=[name],
        budgets=budget_bars([Row("layers", name, 10, 12, 10), Row("layers", "gone", 10, None, 10)]),
        frames=[
            frame_shown(prediction(1, 5, -5), name, ["car"], ["car"], [5, -5], picture=picture),
            frame_shown(prediction(2, 5, -5), name, [], [name], [6, -5]),
            frame_shown(prediction(3, 5, -5, labels=(name, "b")), name, ["car"], [], []),
        ],
        profiled=name,
        layers=[Bar(name, name, 100, 0.5, "1.0")],
        functions=[Bar(name, name, 0, 0.0)],
        interrupts=[(name, name, "1", "2", "3", "4", "5")],
        memories=[MemoryBar(name, 0x2000_0000, 150, 300, 200)],
        warnings=[(3, name)],
        uart=[name, "second"],
        environment={name: [(name, name)]},
    )


def test_everything_is_escaped_and_nothing_is_loaded() -> None:
    text = render(page(EVIL))
    tags = Tags(text)
    assert "script" not in tags.seen
    assert tags.seen.count("img") == 1
    loaded = [value for name, value in tags.attributes if name in ("src", "href", "data", "srcset", "action")]
    assert [value[:22] for value in loaded] == ["data:image/png;base64,"]
    assert not [name for name, _ in tags.attributes if name.startswith("on")]
    assert ("content", "default-src 'none'; img-src data:; style-src 'unsafe-inline'") in tags.attributes
    assert "\x1b" not in text and "\u202e" not in text
    assert r"\x1b[2J\u202e" in tags.text
    assert "url(" not in text and "@import" not in text


def test_the_page_says_what_differs() -> None:
    said = Tags(render(page())).text
    assert "FAIL" in said
    assert said.count("differs from the host") == 1
    assert said.count("equals the host") == 1
    assert "host +6" in said
    assert "150 B linked, 300 B changed of 200 B" in said


def test_the_same_run_gives_the_same_page() -> None:
    assert render(page()) == render(page())


def test_what_is_empty_is_left_out() -> None:
    said = Tags(render(Page("nothing", True, "0 of 0"))).text
    assert "Cycles by" not in said and "Memory" not in said and "UART" not in said
    assert "PASS" in said


def test_bars_go_from_the_least_score_to_the_greatest() -> None:
    assert [round(Score("x", value).percent, 1) for value in (-128, 0, 127)] == [0.0, 50.2, 100.0]
    assert MemoryBar("m", 0, 300, 0, 200).linked_share == 100


JUDGED = Judged(prediction(7, 1, -2), "astronaut", ("car",), ("negative",), (1, -3))
SUITE = f"""\
*** Test Cases ***
Judges A Frame
    [Tags]    frames
    Log    {JUDGED}
    Log    crosscam frame: {{"prediction": 5}}
Fails
    Fail    *HTML*<b>{EVIL[:24]}</b>
"""


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from robot.run import run  # type: ignore[import-untyped]

    folder = tmp_path_factory.mktemp("robot")
    (folder / "two.robot").write_text(SUITE)
    run(str(folder / "two.robot"), outputdir=str(folder), log=None, report=None, console="none")
    return folder / "output.xml"


def test_a_robot_run_is_read_back(output: Path) -> None:
    made = suite_page(output, {"astronaut": picture_of(np.zeros((240, 320), np.uint16))})
    assert (made.passed, made.verdict) == (False, "1 of 2 tests passed")
    first, second = made.suites[0].tests
    assert (first.status, first.tags, second.status) == ("PASS", ("frames",), "FAIL")
    frame = first.frames[0]
    assert (frame.number, frame.source, frame.equal, frame.hit) == (7, "astronaut", False, False)
    assert frame.scores == (Score("car", 1, 1), Score("negative", -2, -3))
    assert frame.picture
    tags = Tags(render(made))
    assert "b" in tags.seen and "<b>" in tags.text


@pytest.mark.parametrize("content", ["", "<robot", "<html></html>", "<robot><suite/></robot>"])
def test_what_robot_has_not_written_gets_one_line(tmp_path: Path, content: str) -> None:
    path = tmp_path / "output.xml"
    path.write_text(content)
    with pytest.raises(CrosscamError, match=r"output\.xml: no"):
        suite_page(path, {})
    with pytest.raises(CrosscamError, match="expected the output"):
        suite_page(tmp_path / "none.xml", {})


def test_a_note_survives_and_a_strange_one_is_none() -> None:
    assert Judged.read(str(JUDGED)) == JUDGED
    for text in ("", "crosscam frame: ", "crosscam frame: []", 'crosscam frame: {"prediction": {}}', str(JUDGED)[:-9]):
        assert Judged.read(text) is None


@pytest.mark.parametrize(
    ("now", "allowed", "share", "passed"),
    [
        (50, 200, 25.0, True),
        (200, 200, 100.0, True),
        (201, 200, 100.0, False),
        (5, 0, 100.0, False),
        (None, 9, 0.0, True),
    ],
)
def test_a_budget_and_what_is_taken_of_it(now: int | None, allowed: int, share: float, passed: bool) -> None:
    (bar,) = budget_bars([Row("stack", "deepest", allowed, now, allowed)])
    assert (bar.share, bar.passed, bar.unit) == (share, passed, "bytes")
    html = render(Page(title="x", passed=passed, verdict="", budgets=[bar]))
    assert (">above<" in html) != passed
    assert f'style="width:{share:.2f}%"' in html
