"""Network interface testers: frames a controller sends, and frames for it, in a suite."""

from __future__ import annotations

from pathlib import Path

from sim.robot.runner import run_suites

BOARD = """
eth: Network.SynopsysEthernetMAC @ sysbus 0x40028000

uart: UART.TrivialUart @ sysbus 0x0

ram: Memory.MappedMemory @ sysbus 0x20000000
    size: 0x4000
"""
# One descriptor (first and last segment, end of ring) with 60 bytes at 0x20003000: RM0090 section 33.6.7.
SUITE = """
*** Keywords ***
Make Machine
    Execute Command    mach create
    Execute Command    machine LoadPlatformDescription @BOARD
    Create Network Interface Tester    sysbus.eth

Write
    [Arguments]    ${address}    ${value}
    Execute Command    sysbus WriteDoubleWord ${address} ${value}

Transmit
    [Arguments]    ${first}
    Write    0x20003000    ${first}
    Write    0x20001000    0xB0200000
    Write    0x20001004    60
    Write    0x20001008    0x20003000
    Write    0x40029010    0x20001000
    Write    0x40028000    0x4808
    Write    0x40029018    0x2000
    Write    0x40029004    1

*** Test Cases ***
A Frame Is Sent
    Make Machine
    Transmit    0x04030201
    ${frame}=    Wait For Outgoing Packet    0.1
    Should Be Equal    ${{$frame.Bytes[:5]}}    ${{bytes.fromhex('0102030400')}}
    Should Be True    0 < $frame.Timestamp < 1
    Run Keyword And Expect Error    *No packet received in the expected time frame*    Wait For Outgoing Packet    0.1

Bytes In A Frame
    Make Machine
    Transmit    0x0A030201
    Execute Command    emulation RunFor "0.001"
    Transmit    0x0B0C0201
    ${frame}=    Wait For Outgoing Packet With Bytes At Index    0c_b    2    5    0.1
    Should Be Equal    ${{$frame.Bytes[2:4]}}    ${{bytes.fromhex('0c0b')}}
    Transmit    0x0A030201
    Run Keyword And Expect Error    *Requested packet not received*
    ...    Wait For Outgoing Packet With Bytes At Index    ffff    0    1    0.1
    Run Keyword And Expect Error    *expected pairs of hexadecimal digits*
    ...    Wait For Outgoing Packet With Bytes At Index    xyz    0    1    0.1

A Frame Arrives
    Make Machine
    Write    0x20002000    0x80000000
    Write    0x20002004    0x8200
    Write    0x20002008    0x20003800
    Write    0x4002900C    0x20002000
    Write    0x40028004    0x80000000
    Write    0x40028000    0x4804
    Write    0x40029018    0x2
    Send Frame    ${{'0102030405060708' * 8}}
    Execute Command    emulation RunFor "0.01"
    ${word}=    Execute Command    sysbus ReadDoubleWord 0x20003800
    Should Be Equal As Integers    ${word}    0x04030201
    Run Keyword And Expect Error    *expected a frame of*    Send Frame    01

Only Ethernet
    Make Machine
    Run Keyword And Expect Error    *expected an Ethernet controller*    Create Network Interface Tester    sysbus.uart
"""


def test_frames_in_a_suite(tmp_path: Path) -> None:
    (tmp_path / "board.repl").write_text(BOARD)
    suite = tmp_path / "network.robot"
    suite.write_text(SUITE.replace("BOARD", str(tmp_path / "board.repl")))
    assert run_suites([suite], output=tmp_path / "out") == 0
