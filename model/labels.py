"""Which names a class may have: what the firmware's console can say of it, and be understood.

A prediction line is "NAME: SCORE, NAME: SCORE | Duration: ..." (``firmware/app/report.c``), without any escapes: names
are UTF-8 as they are, commas and colons too. ``sim/console.py`` reads it by the same rule; a test holds the two
together.
"""

from __future__ import annotations

import re

from model.errors import shown

LONGEST = 64
"""Characters."""
_REFUSED = (
    (re.compile(r": +(?:[+-]|[0-9]+, )"), "a colon, blanks and a sign or number are a score"),
    (re.compile(r"(?:^| )\|(?: |$)"), "a bar between blanks ends the scores"),
    (re.compile(r"\\(?:x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8})"), "a byte that is no text is shown so"),
    (re.compile(r"crosscam [0-9]"), "the firmware's banner begins so"),
    (re.compile(r"^neg$"), '"negative" is printed so: call it that'),
)


def label_problem(label: str) -> str | None:
    """Why a prediction line cannot carry ``label``; None where it can."""
    if not 0 < len(label) <= LONGEST or shown(label, LONGEST) != label:
        return f"expected a name of one line, 1 to {LONGEST} characters"
    if label != label.strip():
        return "expected no blank before or after a name"
    return next((f"no prediction line can say it: {why}" for found, why in _REFUSED if found.search(label)), None)
