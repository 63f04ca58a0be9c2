*** Settings ***
Documentation       What the board says before the first frame.
Resource            board.resource
Suite Setup         Setup
Suite Teardown      Teardown
Test Setup          Boot Board
Test Teardown       Test Teardown


*** Test Cases ***
Should Print Its Banner
    [Tags]    smoke
    Wait For Line On Uart    crosscam \\d+\\.\\d+\\.\\d+    treatAsRegex=true
    Wait For Line On Uart    person_car_160
    Wait For Line On Uart    480 MHz

Should Pass Its Self Test
    [Tags]    smoke
    Wait For Line On Uart    self-test: ok

Should Identify The Camera
    Wait For Line On Uart    OV7670

Should Count Frames From One
    ${first}=    Next Prediction
    Should Be Equal As Integers    ${first.frame}    1
    ${second}=    Next Prediction
    Should Be Equal As Integers    ${second.frame}    2

Should Do Nothing A Board Would Not Forgive
    [Documentation]    Stale cache lines, DMA out of reach, unaligned device accesses, peripherals without a clock.
    [Tags]    smoke    crosscam-engine
    Next Prediction
    Next Prediction
    No Board Findings Should Exist
