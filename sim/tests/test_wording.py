"""Renode's words in errors and log entries: what suites written for Renode wait for."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from sim.engine.monitor import Monitor
from sim.engine.wording import failed_command, spoken
from sim.errors import CrosscamError
from sim.robot.runner import run_suites


@pytest.fixture
def monitor() -> Monitor:
    made = Monitor()
    made.execute("mach create")
    return made


def refusal(monitor: Monitor, command: str) -> CrosscamError:
    with pytest.raises(CrosscamError) as caught:
        monitor.execute(command)
    return caught.value


def describe(text: str) -> str:
    return f"machine LoadPlatformDescriptionFromString '{text}'"


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("log bare_word", "Bad parameters for command log"),
        ("macro one", "Bad parameters for command macro"),
        ("py 3", "Variable type has to be a string."),
        ("machine Reset 1 2 3", "Parameters did not match the signature"),
        ("include @gone.resc", "File does not exist: gone.resc"),
    ],
)
def test_monitor(monitor: Monitor, command: str, words: str) -> None:
    assert words in str(refusal(monitor, command))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("r: Memory.MappedMemory @ sysbus _1 { size: 4096 }", "Error E00: Syntax error, unexpected '_'; expected end"),
        ("r: Memory.MappedMemory @ sysbus 0_x4 { size: 1 }", "unexpected '_'; expected end of input"),
        ("r: Memory.MappedMemory @ sysbus 0x_4 { size: 1 }", "unexpected 'x'; expected end of input"),
        (
            "r: Memory.MappedMemory @ sysbus 0 { size: _4 }",
            "unexpected '_'; expected constructor or property value or none keyword or empty keyword",
        ),
        ("r: Memory.MappedMemory @ sysbus 0 { size: 4_ }", "unexpected '_'; expected attribute list end"),
        ("r: Memory.MappedMemory @", "Error E00: Syntax error, unexpected end of input"),
        ("r:\n    size: 4096", "Error E01: Variable 'r' is never declared"),
        ("r: Memory.MappedMemory\nr: Memory.MappedMemory", "Error E02: Variable 'r' was already declared"),
        ("r: Nowhere.Type @ sysbus 0", "Error E04: Could not resolve type: 'Nowhere.Type'."),
        ("r: Memory.MappedMemory @ sysbus 0 { size: 4096; Colour: 1 }", "Error E10: Property 'Colour' does not exist"),
        (
            "l: Miscellaneous.CombinedInput @ sysbus 0 { numberOfInputs: other }",
            "Error E20: Undefined reference 'other'",
        ),
        (
            "n: IRQControllers.NVIC @ sysbus 0 { -> nobody@0 }",
            "Error E11: Irq destination 'nobody' does not exist.",
        ),
        ("r: Memory.MappedMemory @ sysbus 0", "Error E25: Could not find suitable constructor"),
        ('using "gone"', "Error E36: Using 'gone' does not exist."),
        (
            "c: CPU.TranslationCPU @ sysbus",
            "Antmicro.Renode.Peripherals.CPU.TranslationCPU is an abstract type. Try constructing one of the following"
            " concrete types: Antmicro.Renode.Peripherals.CPU.CortexM",
        ),
    ],
)
def test_platform_descriptions_carry_renodes_numbers_beside_our_line(monitor: Monitor, text: str, words: str) -> None:
    error = refusal(monitor, describe(text))
    assert words in error.renode
    assert words not in str(error)
    assert f"[Renode: {error.renode}]" in spoken(error)


def test_the_words_survive_the_place_of_a_script(monitor: Monitor, tmp_path: Path) -> None:
    script = tmp_path / "board.resc"
    script.write_text(f"mach clear\nmach create\n{describe('r: Nowhere.Type')}\n")
    error = refusal(monitor, f"include @{script}")
    assert str(error).startswith(f"{script}:3: <platform description>:1:4: unknown type Nowhere.Type")
    assert error.renode == "Error E04: Could not resolve type: 'Nowhere.Type'."


def test_failed_command_says_what_renode_says(monitor: Monitor) -> None:
    refused = failed_command("log word", refusal(monitor, "log word"))
    assert refused.startswith("Could not execute command 'log word': Bad parameters for command log")
    wrong = failed_command("py 3", refusal(monitor, "py 3"))
    assert wrong.startswith("There was an error when executing command 'py 3': Variable type has to be a string.")
    unknown = failed_command("frob", refusal(monitor, "frob"))
    assert unknown.startswith("Could not execute command 'frob': No such command or device: frob")


def test_holes_of_the_bus(monitor: Monitor, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "sim")
    monitor.execute("sysbus ReadWord 0x40000010")
    monitor.execute("sysbus WriteByte 0x40000010 0x4")
    monitor.execute('sysbus Tag <0x50 1> "here" 7')
    assert monitor.execute("sysbus ReadByte 0x50") == "0x07"
    assert [record.getMessage() for record in caplog.records if record.name == "sim.sysbus"] == [
        "ReadWord from non existing peripheral at 0x40000010.",
        "WriteByte to non existing peripheral at 0x40000010, value 0x4.",
        "(tag: 'here') ReadByte from non existing peripheral at 0x50.",
    ]


def test_a_tag_lies_within_another_or_apart(monitor: Monitor) -> None:
    monitor.execute('sysbus Tag <0x50000000, 0x5000000F> "outer" 1')
    monitor.execute('sysbus Tag <0x50000004, 0x50000007> "inner" 2')
    words = "Currently subtag has to be completely contained in other tag"
    for crossing, others in (
        ("<0x50000008, 0x50000013>", ", in this case outer."),
        ("<0x50000000, 0x50000017>", ". Given one intersects with tags: outer, outer, outer/inner"),
    ):
        assert refusal(monitor, f'sysbus Tag {crossing} "crossing" 3').renode == words + others
    assert [monitor.execute(f"sysbus ReadDoubleWord 0x5000000{place}") for place in (0, 4, 8)] == [
        "0x00000001",
        "0x00000002",
        "0x00000001",
    ]
    monitor.execute("sysbus RemoveTag 0x50000004")
    assert monitor.execute("sysbus ReadDoubleWord 0x50000004") == "0x00000000", "what it took from the outer is gone"
    assert monitor.execute("sysbus ReadDoubleWord 0x50000000") == "0x00000001"
    assert refusal(monitor, "sysbus RemoveTag 0x50000004").renode == "There is no tag at address 0x50000004."


def test_python_2_names_of_library_modules(monitor: Monitor) -> None:
    monitor.execute('python "import SimpleHTTPServer, ConfigParser"')
    assert monitor.execute('python "print(SimpleHTTPServer.__name__ + ConfigParser.__name__)"') == (
        "http.serverconfigparser"
    )
    assert "No module named 'NoSuchModule'" in str(refusal(monitor, 'python "import NoSuchModule"'))


def test_a_suite_sees_keyword_exceptions(tmp_path: Path) -> None:
    suite = tmp_path / "words.robot"
    suite.write_text(
        """
*** Test Cases ***
Commands
    ${message}=    Run Keyword And Expect Error    KeywordException:*    Execute Command    log bare
    Should Contain    ${message}    Could not execute command 'log bare': Bad parameters for command

Scripts
    Run Keyword And Expect Error    KeywordException: Could not execute script: Could not find file*
    ...    Execute Script    gone

Descriptions
    Execute Command    mach create
    Run Keyword And Expect Error    *x: expected*Error E04: Could not resolve type: 'A.B'.]    Execute Command
    ...    machine LoadPlatformDescriptionFromString "x: A.B"

Log
    Run Keyword And Expect Error    KeywordException: Log tester is not available*    Should Not Be In Log    x
    Create Log Tester    0
    Execute Command    mach create
    Execute Command    sysbus ReadDoubleWord 0x0
    Wait For Log Entry    ReadDoubleWord from non existing peripheral at 0x0    keep=true
    Register Failing Log String    non existing
    Run Keyword And Expect Error    *Test failing entry*    Wait For Log Entry    peripheral
""".replace("*x: expected*", "*unknown type A.B*")
    )
    assert run_suites([suite], output=tmp_path / "out") == 0


def test_files_are_found_from_the_folder_of_the_suite(tmp_path: Path) -> None:
    """A suite that names files of its own repository runs from any folder."""
    (tmp_path / "platforms").mkdir()
    (tmp_path / "platforms" / "one.repl").write_text("r: Memory.MappedMemory @ sysbus 0x0 { size: 0x1000 }\n")
    suite = tmp_path / "tests" / "deep" / "suite.robot"
    suite.parent.mkdir(parents=True)
    suite.write_text(
        """
*** Test Cases ***
One
    Execute Command    mach create
    Execute Command    machine LoadPlatformDescription @platforms/one.repl
    Execute Command    sysbus.r Size
"""
    )
    assert run_suites([suite], output=tmp_path / "out") == 0


def test_regions_of_devices(monitor: Monitor) -> None:
    region = '{{ sysbus new Bus.BusMultiRegistration {{ address: 0x100; size: 0x8; region: "{}" }} }}'
    monitor.execute(describe("m: Mocks.MockBytePeripheralWithoutTranslations @ " + region.format("region")))
    monitor.execute("sysbus WriteByte 0x101 0x5A")
    assert monitor.execute("sysbus ReadByte 0x101") == "0x5A"
    monitor.execute("machine Reset")
    assert monitor.execute("sysbus ReadByte 0x101") == "0x00"
    error = refusal(monitor, describe("n: Mocks.MockBytePeripheralWithoutTranslations @ " + region.format("no")))
    assert error.renode == (
        'No region "no" is available for Antmicro.Renode.Peripherals.Mocks.MockBytePeripheralWithoutTranslations.'
    )
    half = "h: Mocks.MockDoubleWordPeripheralWithOnlyRegionReadMethod @ " + region.format("region")
    assert "WriteDoubleWord is not specified for region" in refusal(monitor, describe(half)).renode
