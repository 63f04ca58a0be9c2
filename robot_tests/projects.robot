*** Settings ***
Documentation       What the scripts of public Renode projects use means the same on both engines.
Resource            ${RENODEKEYWORDS}
Library             OperatingSystem
Suite Setup         Setup
Suite Teardown      Teardown
Test Teardown       Test Teardown


*** Variables ***
${CHIP}                 SEPARATOR=${\n}
...                     cpu: CPU.CortexM @ sysbus { cpuType: "cortex-m4"; nvic: nvic }
...                     nvic: IRQControllers.NVIC @ sysbus 0xE000E000 { systickFrequency: 72000000; -> cpu@0 }
...                     flash: Memory.MappedMemory @ sysbus 0x08000000 { size: 0x100000 }
...                     ram: Memory.MappedMemory @ sysbus 0x20000000 { size: 0x10000 }
...                     uart1: UART.STM32_UART @ sysbus <0x40011000, +0x100> { -> nvic@37 }
...                     uart2: UART.STM32_UART @ sysbus <0x40004400, +0x100> { -> nvic@38 }
...                     gpioPortA: GPIOPort.STM32_GPIOPort @ sysbus <0x40020000, +0x400>
...                     gpioPortB: GPIOPort.STM32_GPIOPort @ sysbus <0x40020400, +0x400>
...                     led: Miscellaneous.LED @ gpioPortB 3
# Files of this run: another may be under way on this machine.
${MINE}                 ${TEMPDIR}/crosscam-${{ os.getpid() }}
${UART1}                0x40011000
${UART2}                0x40004400
${GPIO}                 0x40020000
${ENABLED}              0x200C
${SCRIPT}               SEPARATOR=${\n}
...                     if request.IsInit:
...                     ${SPACE * 4}seen = {1: 2}
...                     ${SPACE * 4}count = 0
...                     elif request.IsRead:
...                     ${SPACE * 4}count = locals().get('count', 0) + 1
...                     ${SPACE * 4}known = 'seen' in dir() and 'seen' in vars() and seen.has_key(1)
...                     ${SPACE * 4}name = self.GetMachine() is not None
...                     ${SPACE * 4}pairs = [k + v for k, v in seen.iteritems()]
...                     ${SPACE * 4}import struct
...                     ${SPACE * 4}request.Value = ord(struct.pack('B', 7)[0]) * known * name * pairs[0] * count


*** Keywords ***
Make Board
    Create File    ${MINE}-board.repl    ${CHIP}
    Execute Command    include @${MINE}-board.repl
    Remove File    ${MINE}-board.repl

Spin
    [Documentation]    An endless loop in RAM, and a stack.
    Execute Command    sysbus WriteDoubleWord 0x20000000 0xE7FEE7FE
    Execute Command    sysbus.cpu PC 0x20000000
    Execute Command    sysbus.cpu SP 0x20008000

Send From The Core
    [Documentation]    ldr r0, =DR; ldr r1, =0x5A; str r1, [r0]; b .
    [Arguments]    ${base}
    Execute Command    sysbus WriteDoubleWord 0x20000000 0x49024801
    Execute Command    sysbus WriteDoubleWord 0x20000004 0xE7FE6001
    Execute Command    sysbus WriteDoubleWord 0x20000008 ${${base} + 4}
    Execute Command    sysbus WriteDoubleWord 0x2000000C 0x5A

Enable Uart
    [Arguments]    ${base}
    Execute Command    sysbus WriteDoubleWord ${${base} + 0xC} ${ENABLED}

Command Should Say
    [Arguments]    ${command}    ${expected}
    ${said}=    Execute Command    ${command}
    Should Be Equal    ${said.strip()}    ${expected}

Command Should Fail
    [Arguments]    ${command}    ${words}
    Run Keyword And Expect Error    KeywordException:*${words}*    Execute Command    ${command}

Description Should Fail
    [Arguments]    ${text}    ${words}
    Command Should Fail    machine LoadPlatformDescriptionFromString "${text}"    ${words}


*** Test Cases ***
The Inner Of Two Tags Should Win
    Execute Command    mach create
    Execute Command    sysbus Tag <0x50000000, 0x5000000F> "outer" 1
    Execute Command    sysbus Tag <0x50000004, 0x50000007> "inner" 2
    Command Should Say    sysbus ReadDoubleWord 0x50000000    0x00000001
    Command Should Say    sysbus ReadDoubleWord 0x50000004    0x00000002
    Command Should Say    sysbus ReadDoubleWord 0x50000008    0x00000001
    Command Should Fail    sysbus Tag <0x50000008, 0x5000001F> "across" 3    subtag has to be completely contained
    Execute Command    sysbus RemoveTag 0x50000004
    Command Should Say    sysbus ReadDoubleWord 0x50000004    0x00000000
    Command Should Fail    sysbus RemoveTag 0x50000004    There is no tag at address 0x50000004.

Sleep Should Let Virtual Time Pass
    Make Board
    Spin
    Start Emulation
    ${before}=    Execute Command    machine ElapsedVirtualTime
    Sleep    1 second
    ${after}=    Execute Command    machine ElapsedVirtualTime
    Should Not Be Equal    ${before}    ${after}

A Description Should Make A Machine
    Make Board
    Command Should Say    sysbus.gpioPortA GetName    machine-0.gpioPortA
    Command Should Say    sysbus.gpioPortB.led GetName    machine-0.led

Scripts Should Keep What They Know
    Execute Command    mach create
    Create File    ${MINE}-scripted.py    ${SCRIPT}
    Execute Command    machine PyDevFromFile @${MINE}-scripted.py 0x40000000 0x100 true "scripted"
    Remove File    ${MINE}-scripted.py
    Command Should Say    sysbus ReadDoubleWord 0x40000000    0x00000015
    Command Should Say    sysbus ReadDoubleWord 0x40000000    0x0000002A
    Command Should Say    python "import sys; print >>sys.stdout, 'a', [1, 2]"    a [1, 2]

Peripherals Should Be Exported
    Make Board
    Execute Command    peripherals export @${MINE}-peripherals.json
    ${exported}=    Get File    ${MINE}-peripherals.json
    Remove File    ${MINE}-peripherals.json
    Should Contain    ${exported}    gpioPortA
    Command Should Fail    peripherals nosuch    Bad parameters for command peripherals

Analyzers Should Be Known
    Make Board
    Spin
    Create Log Tester    1
    Execute Command    showAnalyzer sysbus.uart2 Antmicro.Renode.Analyzers.LoggingUartAnalyzer
    Enable Uart    ${UART2}
    FOR    ${byte}    IN    0x68    0x69    0x0A
        Execute Command    sysbus WriteDoubleWord ${${UART2} + 4} ${byte}
    END
    Start Emulation
    Wait For Log Entry    hi
    Command Should Fail    showAnalyzer sysbus.uart1 NoSuchAnalyzer    analyzer not found

What Cannot Be Should Be Refused
    Make Board
    Description Should Fail    s: SPI.STM32SPI @ sysbus 0x40013000 { -> nvic@35 }    Error E15: Ambiguous
    Description Should Fail    n: UART.STM32_UART @ sysbus <0x40014000, +4> { -> nobody@3 }    Error E11: Irq destination
    Description Should Fail    m: Memory.MappedMemory @ sysbus 0x100000000 { size: 0x1000 }    Error E39:
    Command Should Fail    sysbus.cpu R0    does not provide a field, method or property R0
    Description Should Fail    a:    Error E03: Entry cannot be empty
    Command Should Fail    nosuch 1    No such command or device: nosuch

Files Should Be Loaded
    Make Board
    Create File    ${MINE}.hex    :020000042000DA\n:0400000001020304F2\n:00000001FF\n
    Execute Command    sysbus LoadHEX @${MINE}.hex
    Remove File    ${MINE}.hex
    Command Should Say    sysbus ReadDoubleWord 0x20000000    0x04030201
    Execute Command    sysbus LoadSymbolsFrom @${{ $ELF.replace(" ", r"\ ") }}
    ${address}=    Execute Command    sysbus GetSymbolAddress "main"
    Should Match Regexp    ${address.strip()}    ^0x0{8}08[0-9A-F]{6}$
    Execute Command    sysbus WriteDoubleWord 0x20000100 0x12345678
    Execute Command    sysbus ZeroRange <0x20000100, 0x20000103>
    Command Should Say    sysbus ReadDoubleWord 0x20000100    0x00000000

A Hook At A Symbol Should Run
    Make Board
    Spin
    Create Log Tester    1
    Execute Command    sysbus LoadSymbolsFrom @${{ $ELF.replace(" ", r"\ ") }}
    ${address}=    Execute Command    sysbus GetSymbolAddress "main"
    Execute Command    cpu AddSymbolHook "main" "self.InfoLog('arrived')"
    Execute Command    sysbus WriteDoubleWord ${{int($address.strip(), 16) & 0xFFFFFFFC}} 0xBF00BF00
    Execute Command    sysbus WriteDoubleWord ${{(int($address.strip(), 16) & 0xFFFFFFFC) + 4}} 0xE7FEE7FE
    Execute Command    sysbus.cpu PC ${{int($address.strip(), 16)}}
    Start Emulation
    Wait For Log Entry    arrived

What A Uart Sends Should Be In A File
    Make Board
    Enable Uart    ${UART2}
    Execute Command    sysbus.uart2 CreateFileBackend @${MINE}-uart.log true
    Execute Command    sysbus WriteDoubleWord ${${UART2} + 4} 0x41
    Execute Command    sysbus.uart2 CloseFileBackend @${MINE}-uart.log
    ${sent}=    Get File    ${MINE}-uart.log
    Remove File    ${MINE}-uart.log
    Should Be Equal    ${sent}    A

What Is Typed Should Be Received
    Make Board
    Enable Uart    ${UART2}
    Execute Command    sysbus.uart2 WriteLine "x"
    Command Should Say    sysbus ReadDoubleWord ${${UART2} + 4}    0x00000078
    Command Should Say    sysbus ReadDoubleWord ${${UART2} + 4}    0x0000000D

A Hub Should Join Uarts
    Make Board
    Spin
    Enable Uart    ${UART1}
    Enable Uart    ${UART2}
    Execute Command    emulation CreateUARTHub "hub"
    Execute Command    connector Connect sysbus.uart1 hub
    Execute Command    connector Connect sysbus.uart2 hub
    Send From The Core    ${UART1}
    Execute Command    emulation RunFor "0.01"
    Command Should Say    sysbus ReadDoubleWord ${${UART2} + 4}    0x0000005A

Two Machines Should Talk
    Execute Command    mach create "right"
    Make Board
    Spin
    Enable Uart    ${UART2}
    Execute Command    mach create "left"
    Make Board
    Spin
    Enable Uart    ${UART1}
    Send From The Core    ${UART1}
    Execute Command    emulation SetGlobalQuantum "0.00002"
    Execute Command    emulation CreateUARTHub "hub"
    Execute Command    connector Connect sysbus.uart1 hub
    Execute Command    mach set "right"
    Execute Command    connector Connect sysbus.uart2 hub
    Execute Command    emulation RunFor "0.01"
    Command Should Say    sysbus ReadDoubleWord ${${UART2} + 4}    0x0000005A
    ${right}=    Execute Command    sysbus ReadDoubleWord 0x20000000
    Execute Command    mach set "left"
    ${left}=    Execute Command    sysbus ReadDoubleWord 0x20000000
    Should Not Be Equal    ${left}    ${right}
    ${names}=    Execute Command    emulation Names
    Should Contain    ${names}    right, left
    Command Should Fail    mach set "middle"    Machine middle not found
    Execute Command    mach rem "right"
    Command Should Fail    mach set "right"    Machine right not found

Each Machine Should Have Its Testers
    FOR    ${name}    IN    one    two
        Execute Command    mach create "${name}"
        Make Board
        Spin
        Enable Uart    ${UART1}
        Send From The Core    ${UART1}
    END
    ${one}=    Create Terminal Tester    sysbus.uart1    machine=one    binaryMode=true    timeout=1
    ${two}=    Create Terminal Tester    sysbus.uart1    machine=two    binaryMode=true    timeout=1
    Start Emulation
    Wait For Bytes On Uart    5A    testerId=${one}
    Wait For Bytes On Uart    5A    testerId=${two}

A Wire Should Join Pins
    Make Board
    Spin
    Execute Command    emulation CreateGPIOConnector "wire"
    Execute Command    connector Connect sysbus.gpioPortA wire
    Execute Command    connector Connect sysbus.gpioPortB wire
    Execute Command    wire SelectSourcePin sysbus.gpioPortA 2
    Execute Command    wire SelectDestinationPin sysbus.gpioPortB 3
    Execute Command    sysbus WriteDoubleWord ${GPIO} 0x10
    Execute Command    sysbus WriteDoubleWord ${${GPIO} + 0x14} 0x4
    Execute Command    emulation RunFor "0.01"
    ${input}=    Execute Command    sysbus ReadDoubleWord ${${GPIO} + 0x410}
    Should Be Equal    ${input.strip()}    0x00000008

Terminals And Testers Should Be Made
    Make Board
    Execute Command    emulation CreateServerSocketTerminal 34568 "terminal"
    Execute Command    connector Connect sysbus.uart1 terminal
    Execute Command    emulation CreateFrameBufferTester "frames" 5
    Command Should Fail    emulation CreateUARTHub "frames"    External's name already in use

Members Of Core And Controller Should Be There
    Make Board
    Execute Command    cpu FpuEnabled true
    Command Should Say    nvic Frequency    0x00000000044AA200
    Execute Command    nvic Frequency 1000000
    Command Should Say    nvic Frequency    0x00000000000F4240

Words Of The Emulation Should Be Known
    Make Board
    ${time}=    Execute Command    currentTime
    Should Contain    ${time}    Current virtual time: 00:00:00
    ${info}=    Execute Command    emulation GetTimeSourceInfo
    Should Contain    ${info}    Elapsed Virtual Time: 00:00:00
    Execute Command    allowPrivates true
    ${version}=    Execute Command    version
    Should Contain    ${version}    , version
    Execute Command    sysbus Unregister sysbus.uart2
    Command Should Fail    sysbus.uart2    No such command or device: sysbus.uart2
