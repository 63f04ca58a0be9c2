*** Settings ***
Documentation       Same ELF, same frames: the same bytes, cycle figures included.
Resource            board.resource
Suite Setup         Setup
Suite Teardown      Teardown


*** Test Cases ***
Two Runs Should Be Identical
    ${first}=    UART Log Of Two Frames
    ${second}=    UART Log Of Two Frames
    Should Contain    ${first}    Frame: 2
    Should Be Equal    ${first}    ${second}


*** Keywords ***
UART Log Of Two Frames
    Boot Board
    Next Prediction
    Next Prediction
    ${log}=    Get Terminal Tester Report
    Reset Emulation
    RETURN    ${log}
