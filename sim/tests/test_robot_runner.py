"""Suites run on the embedded engine: keywords with Renode's names, JUnit output, exit status, bad input."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

import pytest

from sim.boot import BOARD_SCRIPT
from sim.engine.devices.parts.led import Led
from sim.engine.monitor import Monitor
from sim.errors import CrosscamError
from sim.robot.led_tester import RUNS_ON, LedTester
from sim.robot.runner import run_suites

ROOT = Path(__file__).parents[2]
# A UART that is switched on, a LED and its button: no core, the monitor writes the registers.
BOARD = """
uart: UART.STM32F7_USART @ sysbus <0x40011000, +0x400>
    frequency: 1000000

port: GPIOPort.STM32_GPIOPort @ sysbus <0x58020000, +0x400>
    3 -> led@0

led: Miscellaneous.LED @ port 3

sysbus:
    init:
        WriteDoubleWord 0x4001100C 0x10
        WriteDoubleWord 0x40011000 0x0D
        WriteDoubleWord 0x58020000 0xABFFFF40
"""
HEAD = """
*** Keywords ***
Make Machine
    Execute Command    mach create
    Execute Command    machine LoadPlatformDescription @{board}

Send
    [Arguments]    ${{text}}
    FOR    ${{byte}}    IN    @{{{{list($text.encode('latin-1'))}}}}
        Execute Command    sysbus WriteDoubleWord 0x40011028 ${{byte}}
        Execute Command    emulation RunFor "0.001"
    END

Light
    [Arguments]    ${{on}}
    Execute Command    sysbus WriteDoubleWord 0x58020018 ${{{{0x8 if $on else 0x80000}}}}

*** Test Cases ***
"""


@dataclass(frozen=True)
class Outcome:
    """Robot's status and what JUnit's file says of each test: None passed, else the message."""

    status: int
    tests: dict[str, str | None]


def run(folder: Path, cases: str, **options: object) -> Outcome:
    """Run test cases on ``BOARD``."""
    (folder / "board.repl").write_text(BOARD)
    suite = folder / "suite.robot"
    suite.write_text(HEAD.format(board=folder / "board.repl") + cases)
    status = run_suites([suite], output=folder / "out", **options)  # type: ignore[arg-type]
    tests: dict[str, str | None] = {}
    for case in ElementTree.parse(folder / "out" / "xunit.xml").iter("testcase"):
        failure = case.find("failure")
        tests[case.get("name", "")] = None if failure is None else failure.get("message")
    return Outcome(status, tests)


def test_lines_prompts_and_bytes(tmp_path: Path) -> None:
    outcome = run(
        tmp_path,
        """
Lines
    Make Machine
    Create Terminal Tester    sysbus.uart    timeout=0.01
    Send    one 11\\r\\ntwo\\nthree\\nprompt>
    ${line}=    Wait For Line On Uart    one (?<number>\\\\d+)    treatAsRegex=true
    Should Be Equal    ${line.Line}    one 11
    Should Be Equal    ${line}[Groups][0]    11
    @{rest}=    Create List    two    three
    Wait For Lines On Uart    ${rest}
    Wait For Prompt On Uart    prompt
    Run Keyword And Expect Error    *did not arrive*three*    Wait For Line On Uart    two

Next Line Only
    Make Machine
    Create Terminal Tester    sysbus.uart    timeout=0.01    defaultMatchNextLine=true
    Send    one\\ntwo\\n
    Run Keyword And Expect Error    *did not arrive*    Wait For Line On Uart    two
    ${line}=    Wait For Next Line On Uart
    Should Be Equal    ${line.Line}    one
    Wait For Line On Uart    two

Bytes
    Make Machine
    Create Terminal Tester    sysbus.uart    timeout=0.01    binaryMode=true
    Send    ab\\x01\\xffc
    ${found}=    Wait For Bytes On Uart    62 01 ff
    Should Be Equal    ${found.Content}    ${{b'b\\x01\\xff'}}
    Wait For Bytes On Uart    63
    Run Keyword And Expect Error    *takes bytes*    Wait For Line On Uart    a

Failing String
    Make Machine
    Create Terminal Tester    sysbus.uart    timeout=0.01
    Register Failing Uart String    E:
    Send    E: broken\\nfine\\n
    Run Keyword And Expect Error    *failing string*E: broken*    Wait For Line On Uart    fine

Idle
    Make Machine
    Create Terminal Tester    sysbus.uart
    Test If Uart Is Idle    0.1
    Run Keyword And Expect Error    *expected a UART*    Create Terminal Tester    sysbus.port.led
""",
    )
    assert outcome == Outcome(0, dict.fromkeys(["Lines", "Next Line Only", "Bytes", "Failing String", "Idle"])), outcome


def test_leds_log_states_files(tmp_path: Path) -> None:
    outcome = run(
        tmp_path,
        """
Led
    Make Machine
    Create Led Tester    sysbus.port.led
    Assert Led State    false
    Light    ${True}
    Assert Led State    true
    Assert And Hold Led State    true    0    0.05
    Assert Led Duty Cycle    0.1    1.0
    Run Keyword And Expect Error    *did not change*    Assert Led Is Blinking    0.1    0.05    0.05

Log
    Make Machine
    Create Log Tester    0.01
    Execute Command    sysbus.port.led OnGPIO 4 true
    ${entry}=    Wait For Log Entry    led: signal on input 4    level=Error
    Should Not Be In Log    led: signal on input 4
    Run Keyword And Expect Error    *did not appear*    Wait For Log Entry    never said
    Register Failing Log String    input \\\\d    treatAsRegex=true
    Execute Command    sysbus.port.led OnGPIO 5 true
    Run Keyword And Expect Error    *failing string*    Wait For Log Entry    input 5

Provider
    Make Machine
    Execute Command    $x=7
    Light    ${True}
    Provides    lit

Consumer
    Requires    lit
    ${x}=    Execute Command    echo $x
    Should Be Equal As Integers    ${x}    7
    Create Led Tester    sysbus.port.led
    Assert Led State    true
    Run Keyword And Expect Error    *no test provided*provided: lit    Requires    unknown

Files
    ${file}=    Allocate Temporary File
    File Should Exist    ${file}
    Run Keyword And Expect Error    *nothing is downloaded*    Download File    https://example.org/x.elf
    ${same}=    Download File    file://${file}
    Should Be Equal    ${file}    ${same}
""",
    )
    assert outcome == Outcome(0, dict.fromkeys(["Led", "Log", "Provider", "Consumer", "Files"])), outcome


def test_failures_are_counted_and_in_junit(tmp_path: Path) -> None:
    outcome = run(
        tmp_path,
        """
Good
    No Operation

Bad
    Make Machine
    Execute Command    nosuchcommand

Worse
    Wait For Line On Uart    anything
""",
    )
    assert outcome.status == 2
    assert outcome.tests["Good"] is None
    assert "No such command or device: nosuchcommand" in (outcome.tests["Bad"] or "")
    assert "there are none" in (outcome.tests["Worse"] or "")
    only = run(tmp_path, "Good\n    No Operation\nBad\n    Fail\n", tests=["Good"])
    assert only == Outcome(0, {"Good": None})


def test_lenient_warns_of_types_the_engine_lacks(tmp_path: Path) -> None:
    cases = """
Load
    Make Machine
    Create Log Tester    0
    Execute Command    machine LoadPlatformDescriptionFromString "x: Unknown.Device @ sysbus 0x40020000 { a: 1 }"
    Execute Command    sysbus ReadDoubleWord 0x40020004
    Wait For Log Entry    x: not modelled: read of offset 0x4    level=Warning
"""
    strict = run(tmp_path, cases)
    assert "unknown type Unknown.Device" in (strict.tests["Load"] or "")
    assert run(tmp_path, cases, lenient=True) == Outcome(0, {"Load": None})


def test_lenient_leaves_out_parameters_of_newer_forms(tmp_path: Path) -> None:
    cases = """
Load
    Make Machine
    Create Log Tester    0
    ${newer}=    Set Variable    f: Memory.MappedMemory @ sysbus 0x60000000 { size: 16; colour: 3; Taste: 4 }
    Execute Command    machine LoadPlatformDescriptionFromString "${newer}"
    Wait For Log Entry    Memory.MappedMemory has no parameter colour    level=Warning
    Wait For Log Entry    MappedMemory has no property Taste that can be set; left out    level=Warning
"""
    assert "has no parameter colour" in (run(tmp_path, cases).tests["Load"] or "")
    assert run(tmp_path, cases, lenient=True) == Outcome(0, {"Load": None})


def test_a_limit_that_is_no_seconds_is_refused_before_anything_runs(tmp_path: Path) -> None:
    suite = tmp_path / "suite.robot"
    suite.write_text("*** Test Cases ***\nNothing\n    No Operation\n")
    with pytest.raises(CrosscamError, match=r"^\$\{WALL_LIMIT\} soon: expected seconds of wall time above 0$"):
        run_suites([suite], variables={"WALL_LIMIT": "soon"}, output=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_suites_variables_are_its_own(tmp_path: Path) -> None:
    variables = tmp_path / "more.resource"
    variables.write_text("*** Variables ***\n${BOARD}    imported\n")
    own, importing, plain = (tmp_path / f"{name}.robot" for name in ("own", "importing", "plain"))
    test = "*** Test Cases ***\nVariable\n    Should Be Equal    ${BOARD}    "
    own.write_text(f"*** Variables ***\n${{BOARD}}    my own\n{test}my own\n")
    importing.write_text(f"*** Settings ***\nResource    more.resource\n{test}imported\n")
    plain.write_text(f"*** Settings ***\nResource    ${{RENODEKEYWORDS}}\n{test}{BOARD_SCRIPT.resolve()}\n")
    assert run_suites([own, importing, plain], output=tmp_path / "out") == 0
    assert run_suites([own], variables={"BOARD": "given"}, output=tmp_path / "out") == 1


def test_the_keywords_of_an_installed_renode_are_ours(tmp_path: Path) -> None:
    suite = tmp_path / "suite.robot"
    suite.write_text(
        "*** Settings ***\nResource    /opt/none/tests/renode-keywords.robot\n"
        "*** Test Cases ***\nCommand\n    Execute Command    mach create\n"
    )
    assert run_suites([suite], output=tmp_path / "out") == 0
    assert "does not exist" not in (tmp_path / "out" / "output.xml").read_text()


def test_sleep_is_virtual_time_while_the_machine_runs(tmp_path: Path) -> None:
    cases = """
Sleeps
    Make Machine
    Sleep    1 millisecond
    ${time}=    Execute Command    machine ElapsedVirtualTime
    Should Contain    ${time}    00:00:00.000000
    Start Emulation
    Sleep    50 seconds    for a reason
    ${time}=    Execute Command    machine ElapsedVirtualTime
    Should Contain    ${time}    00:00:50.000000
    Run Keyword And Expect Error    *expected a time such as 0.5s*    Sleep    soon
"""
    assert run(tmp_path, cases) == Outcome(0, {"Sleeps": None})


def test_bad_input(tmp_path: Path) -> None:
    with pytest.raises(CrosscamError, match=r"no suite .*gone\.robot"):
        run_suites([tmp_path / "gone.robot"])
    with pytest.raises(CrosscamError, match="unknown engine 'qemu': expected one of crosscam, renode"):
        run_suites([tmp_path], engine="qemu")
    with pytest.raises(CrosscamError, match="unknown timing 'sundial': expected one of instructions, cortex-m7"):
        run_suites([tmp_path], timing="sundial")


def test_command_line(tmp_path: Path) -> None:
    suite = tmp_path / "suite.robot"
    suite.write_text("*** Test Cases ***\nVariable\n    Should Be Equal    ${WHO}    board\n")
    command = [sys.executable, "-m", "scripts.main", "robot", str(suite), "--output", str(tmp_path / "out")]

    def status(*more: str) -> tuple[int, str]:
        done = subprocess.run([*command, *more], cwd=ROOT, capture_output=True, text=True, check=False)
        return done.returncode, done.stderr

    assert status("-v", "WHO:board")[0] == 0
    assert status("-v", "WHO:camera")[0] == 1
    assert status("-v", "WHO")[0] == 2
    code, said = status("--elf", str(tmp_path / "none.elf"))
    assert code == 2
    assert "none.elf does not exist" in said


def test_a_led_may_be_switched_just_after_what_was_waited_for() -> None:
    monitor = Monitor()
    monitor.execute("mach create")
    monitor.execute(f'machine LoadPlatformDescriptionFromString """{BOARD}"""')
    machine = monitor.machine
    led = machine.device("port.led")
    assert isinstance(led, Led)
    tester = LedTester(machine, "sysbus.port.led", timeout=0)
    for delay, seen in ((0.5, True), (1.5, False)):
        led.on_gpio(0, False)
        machine.clock.schedule(int(delay * RUNS_ON * machine.clock.frequency), lambda: led.on_gpio(0, True))
        with contextlib.nullcontext() if seen else pytest.raises(AssertionError, match="expected on"):
            tester.assert_state(True, None)


def test_suites_run_side_by_side(tmp_path: Path) -> None:
    """In a folder whose name a shell would break, with one report of all; a failure in any of them counts."""
    pytest.importorskip("pabot")
    suites = tmp_path / "my $uites'"
    suites.mkdir()
    case = "*** Test Cases ***\nShould Say {name}\n    Should Be Equal    {name}    two\n    Log    ${{SAID}}\n"
    for name in ("one", "two"):
        (suites / f"{name}.robot").write_text(case.format(name=name))
    status = run_suites([suites], output=tmp_path / "out it", variables={"SAID": "a b"}, processes=2)
    cases = ElementTree.parse(tmp_path / "out it" / "xunit.xml").iter("testcase")
    assert [(each.get("name"), each.find("failure") is None) for each in cases] == [
        ("Should Say one", False),
        ("Should Say two", True),
    ]
    assert status == 1
    assert not Path(".pabotsuitenames").exists()
