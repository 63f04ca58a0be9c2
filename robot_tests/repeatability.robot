*** Settings ***
Documentation       Same ELF, same frames: the same lines on the UART, cycle figures included.
Resource            board.resource
Library             Collections
Suite Setup         Setup
Suite Teardown      Teardown


*** Test Cases ***
Two Runs Should Be Identical
    ${first}=    Lines Of Two Frames
    ${second}=    Lines Of Two Frames
    Should Contain    ${first}[-1]    Frame: 2
    Should Be Equal    ${first}    ${second}


*** Keywords ***
Lines Of Two Frames
    Boot Board
    @{lines}=    Create List
    WHILE    True    limit=60
        ${next}=    Wait For Next Line On Uart
        Append To List    ${lines}    ${next.Line}
        IF    '| Frame: 2' in $next.Line    BREAK
    END
    Reset Emulation
    RETURN    ${lines}
