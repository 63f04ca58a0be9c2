*** Settings ***
Documentation       Renode's keywords mean the same on both engines.
Resource            board.resource
Suite Setup         Setup
Suite Teardown      Teardown
Test Teardown       Test Teardown


*** Test Cases ***
A State Should Be Provided
    Boot Board
    Wait For Line On Uart    Frame: 1    pauseEmulation=true
    # Renode cannot save a machine whose scripts listen to events; both engines can run to the same state again.
    Provides    first frame    Reexecution

A State Should Be Required
    Requires    first frame
    ${result}=    Wait For Line On Uart    (\\d+) . (?<word>Frame): (\\d)    treatAsRegex=true
    Should Contain    ${result.Line}    Frame: 2
    Should Contain    ${result.Groups}    2
    Should Be True    600 < ${result.Timestamp} < 800

Lines In Order Should Be Found
    Boot Board
    @{lines}=    Create List    crosscam    model:    clock:
    ${result}=    Wait For Lines On Uart    ${lines}
    Should Contain    ${result.Line}    clock:

A Failing String Should Fail A Wait
    Boot Board
    Register Failing Uart String    OV7670
    Run Keyword And Expect Error    *OV7670*    Wait For Line On Uart    Frame: 1
    Unregister Failing Uart String    OV7670
    Wait For Line On Uart    Frame: 1

Temporary Files Should Exist
    ${file}=    Allocate Temporary File
    File Should Exist    ${file}

The Log Should Be Testable
    Boot Board
    Create Log Tester    0.1    defaultPauseEmulation=true
    Should Not Be In Log    nothing of this kind
    Execute Python    self.Machine["sysbus.usart3"].InfoLog("hello there")
    Wait For Log Entry    hello there    timeout=0

Leds Should Be Testable
    Boot Board
    Create Led Tester    sysbus.gpioPortB.redLed    defaultTimeout=0.1
    Assert Led State    false
    Run Keyword And Expect Error    *    Assert Led State    true

Registers Should Be Testable
    Boot Board
    Wait For Line On Uart    clock:    pauseEmulation=true
    ${pc}=    Execute Command    sysbus.cpu PC
    Pc Should Be Equal    ${pc.strip()}
    Register Should Be Equal    15    ${pc.strip()}

Python Should Print
    Boot Board
    ${number}=    Execute Command    python "print(3)"
    Should Be Equal As Integers    ${number}    3
