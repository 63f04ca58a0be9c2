"""The list of findings: each thing once, counted, and its names fit to be shown."""

from __future__ import annotations

import json

from sim.engine.truth import Kind
from sim.engine.truth.findings import Findings

PLACES = {0x100: "0x00000100 main+0x4", 0x110: "0x00000110 main+0x14", 0x200: "0x00000200 other+0x0"}


def findings(symbol: str = "") -> Findings:
    return Findings(PLACES.__getitem__, lambda pc: pc & ~0xFF, lambda address: symbol)


def test_the_same_thing_is_said_once_a_function_and_counted() -> None:
    found = findings()
    for pc, cycle in ((0x100, 7), (0x110, 8), (0x100, 9)):
        found.add(Kind.CLOCK_OFF, 0x58020000, "write to GPIOA", "GPIOA", pc, cycle)
    found.add(Kind.CLOCK_OFF, 0x58020000, "write to GPIOA", "GPIOA", 0x200, 10)
    found.add(Kind.CLOCK_OFF, 0x58020400, "write to GPIOB", "GPIOB", 0x200, 11)
    assert [(each.cycle, each.count) for each in found.all] == [(7, 3), (10, 1), (11, 1)]
    assert found.occurrences == 5
    text = "peripheral clock off: write to GPIOA at 0x58020000, by 0x00000100 main+0x4, cycle 7 (3 times)"
    assert str(found.all[0]) == text


def test_another_master_counts_wherever_the_core_is() -> None:
    found = findings("buffer+0x4")
    for pc in PLACES:
        found.add(Kind.UNCLEANED, 0x24000004, "dma2 stream 0 reads it", "buffer", pc, 5, "dma2 stream 0")
    (only,) = found.all
    assert only.count == 3 and only.symbol == "buffer+0x4" and only.master == "dma2 stream 0"
    assert "at 0x24000004 buffer+0x4, while the core was at 0x00000100 main+0x4" in str(only)
    assert json.loads(json.dumps(only.as_dict()))["kind"] == "uncleaned cache line"


def test_names_of_a_firmware_are_escaped_and_cut() -> None:
    found = findings("\x1b[2J" + "x" * 500)
    found.add(Kind.UNCLEANED, 0x24000000, "text\n", "x", 0x100, 5)
    text = str(found.all[0])
    assert text.isprintable() and "\\x1b[2J" in text and len(text) < 500
