*** Settings ***
Documentation       The monitor says the same on both engines: words of errors and log, numbers, scripts, environments.
Resource            ${RENODEKEYWORDS}
Suite Setup         Setup
Suite Teardown      Teardown
Test Teardown       Test Teardown


*** Variables ***
${RAM}      ram: Memory.MappedMemory @ sysbus 0x0 { size: 0x1000 }


*** Keywords ***
Make Machine
    Execute Command    mach create
    Execute Command    machine LoadPlatformDescriptionFromString "${RAM}"

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
Errors Of Commands Should Have Renode's Words
    Execute Command    mach create
    Command Should Fail    log bare_word    Could not execute command 'log bare_word': Bad parameters
    Command Should Fail    frobnicate    Could not execute command 'frobnicate':
    Command Should Fail    include @gone.resc    File does not exist
    Command Should Fail    machine Reset 1 2 3    Parameters did not match the signature
    Command Should Fail    EnsureTypeIsLoaded "Acme.Thing"    Given type Acme.Thing was not found
    Command Should Fail    next_value "x"    unsupported operand type
    Run Keyword And Expect Error    KeywordException: Could not execute script: *ould not find file*
    ...    Execute Script    gone.resc

Errors Of Descriptions Should Have Renode's Numbers
    Execute Command    mach create
    Description Should Fail    r: Memory.MappedMemory @ sysbus _1    Error E00: Syntax error, unexpected '_'
    Description Should Fail    r: { Size: 1 }    Error E01: Variable 'r' is never declared
    Description Should Fail    r: Acme.Thing @ sysbus 0    Error E04: Could not resolve type: 'Acme.Thing'.
    Description Should Fail    r: Memory.MappedMemory @ sysbus 0 { size: 1; Colour: 1 }    Error E10: Property 'Colour'
    Description Should Fail    u: UART.TrivialUart @ nowhere 0    Error E20: Undefined re
    Description Should Fail    r: Memory.MappedMemory @ sysbus 0    Error E25: Could not find suitable constructor
    Description Should Fail    c: CPU.TranslationCPU @ sysbus    Error E49:

Holes Of The Bus Should Be Logged
    Create Log Tester    0
    Execute Command    mach create
    Execute Command    sysbus ReadWord 0x40
    Wait For Log Entry    ReadWord from non existing peripheral at 0x40
    Execute Command    sysbus WriteByte 0x40 0x7
    Wait For Log Entry    WriteByte to non existing peripheral at 0x40, value 0x7
    Execute Command    log "said by a script"
    Wait For Log Entry    Script: said by a script

Numbers Should Be Shown As Asked
    Make Machine
    Execute Command    sysbus WriteByte 0x20 42
    Command Should Say    sysbus ReadByte 0x20    0x2A
    Execute Command    numbersMode Both
    Command Should Say    sysbus ReadByte 0x20    0x2A (42)
    Execute Command    numbersMode Decimal
    Command Should Say    sysbus ReadByte 0x20    42
    Execute Command    numbersMode Hexadecimal

Python 2 Should Be Understood
    Execute Command    mach create
    Command Should Say    python "print 'a', 010"    a 8
    ${result}=    Execute Command    python "import ConfigParser, SimpleHTTPServer"
    Should Not Contain    ${result}    No module named

Sensors Should Follow Their Environment
    Execute Command    mach create
    Execute Command    emulation CreateEnvironment "room"
    Execute Command    machine SetEnvironment room
    Execute Command    machine LoadPlatformDescriptionFromString "warm: Sensors.DummySensor @ sysbus <0x0, +0x4>"
    Execute Command    room Temperature 21.5
    Command Should Say    sysbus.warm Temperature    21.5
    ${names}=    Execute Command    room GetRegisteredSensorsNames
    Should Contain    ${names}    machine-0:sysbus.warm
    Execute Command    machine UnregisterFromParent sysbus.warm
    ${names}=    Execute Command    room GetRegisteredSensorsNames
    Should Not Contain    ${names}    warm
