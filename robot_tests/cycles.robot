*** Settings ***
Documentation       A frame's cycles stay inside the recorded budget: a change that costs more must say so here.
Resource            board.resource
Suite Setup         Setup
Suite Teardown      Teardown
Test Teardown       Test Teardown


*** Variables ***
# Upper bound of one frame (camera path and network) with --timing instructions, whichever toolchain built it.
${FRAME_BUDGET}     90000000


*** Test Cases ***
A Frame Should Stay Inside Its Budget
    [Tags]    smoke
    Boot Board
    ${first}=    Next Prediction
    ${second}=    Next Prediction
    Should Be True    0 < ${first.cycles} <= ${FRAME_BUDGET}
    Should Be True    0 < ${second.cycles} <= ${FRAME_BUDGET}

Duration Should Be Cycles At 480 MHz
    Boot Board
    ${prediction}=    Next Prediction
    ${milliseconds}=    Evaluate    ${prediction.cycles} // 480000
    Should Be Equal As Integers    ${prediction.duration_ms}    ${milliseconds}
