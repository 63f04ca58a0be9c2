"""``Run Until Breakpoint``: an address of its own, or whatever pauses the machine."""

from __future__ import annotations

from pathlib import Path

from sim.robot.runner import run_suites

BOARD = """
nvic: IRQControllers.NVIC @ sysbus 0xE000E000
    -> cpu@0

cpu: CPU.CortexM @ sysbus
    cpuType: "cortex-m7"
    nvic: nvic

ram: Memory.MappedMemory @ sysbus 0x20000000
    size: 0x4000
"""
# movs r0, #0; loop: adds r0, #1; nop; nop; nop; b loop
SUITE = """
*** Keywords ***
Make Machine
    Execute Command    mach create
    Execute Command    machine LoadPlatformDescription @BOARD
    Execute Command    using sysbus
    Execute Command    sysbus WriteDoubleWord 0x20000000 0x30012000
    Execute Command    sysbus WriteDoubleWord 0x20000004 0xBF00BF00
    Execute Command    sysbus WriteDoubleWord 0x20000008 0xE7FABF00
    Execute Command    cpu SP 0x20002000
    Execute Command    cpu PC 0x20000001

*** Test Cases ***
An Address Of Its Own
    Make Machine
    Run Until Breakpoint    1    address=0x20000006
    Pc Should Be Equal    0x20000006
    Register Should Be Equal    0    1
    Run Until Breakpoint    1    address=0x20000006
    Register Should Be Equal    0    2

What Pauses The Machine
    Make Machine
    Execute Command    cpu AddHook 0x20000004 "machine.Pause()"
    Run Until Breakpoint    1
    Pc Should Be Equal    0x20000004

Never Reached
    Make Machine
    Run Keyword And Expect Error    KeywordException: Breakpoint hasn't been hit in*time of 0.001 seconds.
    ...    Run Until Breakpoint    0.001    address=0x20001000
    Run Keyword And Expect Error    *Breakpoint hasn't been hit*    Run Until Breakpoint    0.001
"""


def test_breakpoints_in_a_suite(tmp_path: Path) -> None:
    (tmp_path / "board.repl").write_text(BOARD)
    suite = tmp_path / "breakpoints.robot"
    suite.write_text(SUITE.replace("BOARD", str(tmp_path / "board.repl")))
    assert run_suites([suite], output=tmp_path / "out") == 0
