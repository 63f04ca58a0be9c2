"""What a failed suite keeps: pictures, console, cycles, warnings, and the way back to that moment in the debugger."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from PIL import Image

from scripts.shipped import SUITES
from scripts.tests.conftest import ROOT, frames_of_noise
from sim.bringup.debugging import DebuggedBoard
from sim.bringup.snapshot import MachineSnapshot
from sim.robot.runner import run_suites
from sim.watch.warnings import WarningLog

SUITE = """
*** Settings ***
Resource            {resource}
Test Teardown       Test Teardown

*** Test Cases ***
Should See "More" <Frames>
    Boot Board
    Next Prediction
    Write Line To Uart    h    waitForEcho=false
    Wait For Line On Uart    one frame, then stop
    Fail    this is one too many

Should Bear A Fault
    Boot Board
    Inject Fault    camera.absent
    Wait For Line On Uart    never said    timeout=0.3

Should Pass
    No Operation

Should Fail Without A Board
    Fail    nothing to look at
"""


@pytest.fixture(scope="module")
def output(elf: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the suite above, run, has left its reports."""
    folder = tmp_path_factory.mktemp("failed suite")
    suite = folder / "suite.robot"
    suite.write_text(SUITE.format(resource=ROOT / SUITES / "board.resource"))
    frames = frames_of_noise(folder / "frames")
    variables = {"ELF": str(elf), "FRAMES": str(frames)}
    assert run_suites([suite], output=folder / "out", variables=variables) == 3
    return folder / "out"


def messages(output: Path) -> dict[str, str]:
    """JUnit's message of each test that failed."""
    cases = ElementTree.parse(output / "xunit.xml").iter("testcase")
    found = {case.get("name", ""): case.find("failure") for case in cases}
    return {name: str(failure.get("message")) for name, failure in found.items() if failure is not None}


def test_the_message_leads_to_the_moment(output: Path) -> None:
    first, fault, bare = messages(output).values()
    kept = output / "failed" / "Suite.Should-See-More-Frames"
    assert first == f"this is one too many\ncrosscam debug --snapshot {kept / 'snapshot.json'}"
    assert fault.endswith(f"kept in {output / 'failed' / 'Suite.Should-Bear-A-Fault'}")
    assert bare == "nothing to look at"


def test_frame_display_and_console_are_kept(output: Path) -> None:
    kept = output / "failed" / "Suite.Should-See-More-Frames"
    assert {path.name for path in kept.iterdir()} == {"frame.png", "display.png", "uart-0.txt", "snapshot.json"}
    assert "| Frame: 1" in (kept / "uart-0.txt").read_text()
    with Image.open(kept / "frame.png") as frame:
        assert frame.size == (320, 240)
        assert len(frame.getcolors(320 * 240) or ()) > 1000  # the noise
    log = (output / "output.xml").read_text()
    assert log.count("data:image/png;base64,") >= 3
    assert "&lt;tr&gt;&lt;td&gt;1&lt;/td&gt;" in log  # cycles of the first frame
    assert "No snapshot: the test did what a boot does not: Inject Fault camera.absent" in log
    assert "no slave answers" in log  # a warning of the board


def test_the_debugger_comes_to_that_moment(output: Path) -> None:
    taken = MachineSnapshot.read(output / "failed" / "Suite.Should-See-More-Frames" / "snapshot.json")
    assert [each.data for each in taken.typed] == [b"h\r"]
    origin = taken.origin
    made = DebuggedBoard(
        origin.firmware, origin.board, origin.timing, origin.frames, None, [], lambda text: None, WarningLog(str)
    )
    try:
        made.restore(taken)  # fails unless registers and memories are the ones of the snapshot
    finally:
        made.close()
