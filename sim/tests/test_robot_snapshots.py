"""States of an emulation in suites: saved to files, loaded, rebuilt in place, provided on top of provided ones."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from sim.errors import CrosscamError
from sim.robot.library import RenodeKeywords
from sim.robot.runner import run_suites
from sim.robot.snapshots import FORMAT, KeywordSnapshots

BOARD = """
uart: UART.TrivialUart @ sysbus 0x0

ram: Memory.MappedMemory @ sysbus 0x1000
    size: 0x1000
"""
HEAD = """
*** Keywords ***
Make Machine
    Execute Command    mach create
    Execute Command    machine LoadPlatformDescription @{board}
    Create Terminal Tester    sysbus.uart    timeout=0.01

Memory Should Be
    [Arguments]    ${{value}}
    ${{found}}=    Execute Command    sysbus ReadDoubleWord 0x1000
    Should Be Equal As Integers    ${{found}}    ${{value}}

Time Should Be
    [Arguments]    ${{seconds}}
    ${{found}}=    Execute Command    machine ElapsedVirtualTime
    Should Contain    ${{found}}    ${{seconds}}

*** Test Cases ***
"""


def run(folder: Path, cases: str) -> int:
    board = folder / "board.repl"
    if not board.exists():
        board.write_text(BOARD)
    suite = folder / "suite.robot"
    suite.write_text(HEAD.format(board=board) + cases.replace("@{state}", f"@{folder / 'state.json'}"))
    return run_suites([suite], output=folder / "out")


SAVE = """
Saving
    Make Machine
    Execute Command    emulation RunFor "0.25"
    Execute Command    sysbus WriteDoubleWord 0x1000 7
    Execute Command    Save @{state}
    Execute Command    sysbus WriteDoubleWord 0x1000 8
    Execute Command    emulation RunFor "0.25"
"""
LOAD = """
Loading
    Execute Command    Load @{state}
    Memory Should Be    7
    Time Should Be    00:00:00.25
    Execute Command    emulation RunFor "0.5"
    Time Should Be    00:00:00.75
    Execute Command    Load @{state}
    Time Should Be    00:00:00.25
"""


def test_a_state_is_loaded_in_the_same_suite_and_in_another(tmp_path: Path) -> None:
    assert run(tmp_path, SAVE + LOAD) == 0
    document = json.loads((tmp_path / "state.json").read_text())
    assert list(document["files"]) == [str(tmp_path / "board.repl")]
    assert run(tmp_path, LOAD) == 0


def test_what_cannot_be_loaded_is_refused(tmp_path: Path) -> None:
    assert run(tmp_path, SAVE) == 0
    (tmp_path / "board.repl").write_text(BOARD + "\n// changed\n")
    cases = """
Changed File
    Run Keyword And Expect Error    *board.repl has changed since*    Execute Command    Load @{state}

No Snapshot
    Run Keyword And Expect Error    *expected a snapshot written by*snapshot is incompatible*
    ...    Execute Command    Load @{other}

No File
    Run Keyword And Expect Error    *Parameters did not match the signature*    Execute Command    Save state

In A Script
    Create File    ${TEMPDIR}/inner.resc    Save @ignored
    Run Keyword And Expect Error    *not inside a script*    Execute Script    ${TEMPDIR}/inner.resc
"""
    assert run(tmp_path, cases.replace("@{other}", f"@{tmp_path / 'board.repl'}")) == 0


def test_the_machine_is_rebuilt_and_states_build_on_states(tmp_path: Path) -> None:
    cases = """
Rebuilding
    Make Machine
    Execute Command    sysbus WriteDoubleWord 0x1000 5
    Execute Command    emulation RunFor "0.125"
    Execute Command    sysbus.uart WriteChar 65
    Handle Hot Spot    Serialize
    Memory Should Be    5
    Time Should Be    00:00:00.125
    Provides    first

On Top
    Requires    first
    Execute Command    emulation RunFor "0.125"
    Provides    second

Both
    Requires    second
    Memory Should Be    5
    Time Should Be    00:00:00.25
"""
    assert run(tmp_path, cases) == 0


@pytest.mark.parametrize(
    "damage",
    [
        "[" * 100_000,
        "[]",
        {"format": "crosscam snapshot 0"},
        {"timing": None},
        {"timing": 5},
        {"files": ["a"]},
        {"files": {"a\0b": "x"}},
        {"files": {"/no/such/file": "x"}},
        {"steps": {}},
        {"steps": [5]},
        {"steps": [{"keyword": "execute_command", "positional": "x", "named": {}}]},
        {"steps": [{"keyword": "session", "positional": [], "named": {}}]},
        {"steps": [{"keyword": "__init__", "positional": [], "named": {}}]},
    ],
)
def test_a_snapshot_that_is_none_is_refused(tmp_path: Path, damage: object) -> None:
    good: dict[str, object] = {"format": FORMAT, "timing": "instructions", "files": {}, "steps": []}
    document = {**good, **damage} if isinstance(damage, dict) else good
    path = tmp_path / "state.save"
    path.write_text(damage if isinstance(damage, str) else json.dumps(document))
    library = RenodeKeywords()
    with pytest.raises(CrosscamError) as caught:
        KeywordSnapshots(library.session).load(path)
    assert len(str(caught.value)) <= 320 and str(caught.value).isprintable()


def test_a_pipe_is_no_snapshot(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "state.save")
    with pytest.raises(CrosscamError, match="expected a snapshot written by `Save`"):
        KeywordSnapshots(RenodeKeywords().session).load(tmp_path / "state.save")
