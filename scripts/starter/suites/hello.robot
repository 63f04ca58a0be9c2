*** Settings ***
Documentation       What the firmware does on its board. `crosscam robot` runs this, and so does renode-test.
Resource            ${RENODEKEYWORDS}
Suite Setup         Setup
Suite Teardown      Teardown
Test Setup          Boot Board
Test Teardown       Test Teardown


*** Test Cases ***
Should Say Its Name
    [Tags]    smoke
    Wait For Line On Uart    PROJECT 1.0

LED Should Blink Twice A Second
    Create Led Tester    sysbus.gpioPortD.led
    Assert Led Is Blinking    testDuration=2    onDuration=0.25    offDuration=0.25    tolerance=0.05

Should Answer
    Wait For Line On Uart    PROJECT 1.0
    Write Char On Uart    h
    Wait For Line On Uart    hello


*** Keywords ***
Boot Board
    Execute Command    $bin=@${{ $ELF.replace(" ", r"\ ") }}
    Execute Script    ${CURDIR}/../board/board.resc
    Create Terminal Tester    sysbus.usart2    timeout=2
