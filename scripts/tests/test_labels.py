"""The names a card may give and what the console's parser reads: one rule, said in two places that know nothing of
each other.
"""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from model.labels import LONGEST, label_problem
from sim.console import SHORT_LABELS, Prediction, ScoreLine, is_banner, self_test_labels
from sim.recording.board_log import read_log

BRIEF = {long: short for short, long in SHORT_LABELS.items()}
TRICKY = st.lists(
    st.sampled_from(
        [*"ab :,|+-5\\{", ": ", ", ", " | ", "  +0", "+127", "E: ", "neg", "crosscam 0.1.0", "\\x80", "\u00df"]
    )
).map("".join)
LABELS = st.lists(st.one_of(TRICKY, st.text(max_size=LONGEST)), min_size=1, max_size=5, unique=True)


def pairs(labels: list[str]) -> str:
    """As firmware/app/report.c prints them."""
    return ", ".join(f"{BRIEF.get(label, label)}: {number:+4d}" for number, label in enumerate(labels))


@given(LABELS)
@example(["K\u00e4fer {\u00df}", "a, b", '"quoted"', "negative", 64 * "\u6f22"])
@example(["a: 5", "b:", ",", ":", "Grade: x", "D 012 x", "u 3 ok"])
def test_every_name_a_card_may_have_is_read_as_it_is(labels: list[str]) -> None:
    labels = [label for label in labels if label_problem(label) is None]
    if not labels:
        return
    scores = tuple(range(len(labels)))
    line = f"{pairs(labels)} | Grade: {labels[0]} | Zone: none | Duration: 57 ms | Cycles: 1 | Frame: 2"
    assert Prediction.parse(line) == Prediction(2, scores, 57, 1, tuple(labels), labels[0], "none")
    assert not Prediction.is_damaged(line) and not is_banner(line)
    assert ScoreLine.parse(f"scores from 0 of 9 | {pairs(labels)}") == ScoreLine(0, 9, tuple(labels), scores)
    told = f"self-test: ok ({pairs(labels)}; 12 cycles)"
    assert self_test_labels(told) == tuple(labels)
    (boot,) = read_log(f"{told}\r\n{line}\r\n".encode(), "a log")
    assert boot.frames[2].prediction == Prediction.parse(line)


REFUSED = ["", " a", "a ", "\u3000a", "a\nb", "a\x1bb", "a\u202eb", 65 * "a", "a | b", "a |", "|", "a: +1", "a: 5, b"]


@pytest.mark.parametrize("label", [*REFUSED, "a:   -b", "neg", "\\x80", "\\u202e", "crosscam 1.2.3"])
def test_a_name_that_a_line_cannot_say_is_refused(label: str) -> None:
    problem = label_problem(label)
    assert problem is not None and "\n" not in problem
