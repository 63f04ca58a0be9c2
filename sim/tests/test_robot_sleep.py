"""``Sleep`` as a keyword of the library: without a suite, with and without a machine."""

from __future__ import annotations

import time

import pytest

from sim.robot.library import RenodeKeywords
from sim.robot.session import KeywordException


def test_without_a_machine_it_is_host_time() -> None:
    keywords = RenodeKeywords()
    before = time.monotonic()
    keywords.sleep("0.05s")
    assert time.monotonic() - before >= 0.05
    keywords.sleep("-1s")  # as Robot Framework's own: no wait


@pytest.mark.parametrize("text", ["soon", "", "1 fortnight", "\x00"])
def test_what_is_no_time_is_one_line(text: str) -> None:
    with pytest.raises(KeywordException, match=r"Sleep: .*expected a time such as") as caught:
        RenodeKeywords().sleep(text)
    assert "\n" not in str(caught.value)


def test_with_a_machine_that_runs_it_is_virtual_time() -> None:
    keywords = RenodeKeywords()
    for command in ("mach create", "start"):
        keywords.execute_command(command)
    before = time.monotonic()
    keywords.sleep("1 minute")
    assert keywords.session.machine.clock.seconds == pytest.approx(60)
    assert time.monotonic() - before < 30
