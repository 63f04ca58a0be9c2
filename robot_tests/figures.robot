*** Settings ***
Documentation       The first frames take exactly the recorded cycles, by either clock (--timing): a change of the
...                 firmware, of the compiled model or of the timing model shows here. The record holds for the
...                 firmware zig builds; `python -m scripts.figures` makes it anew when the change is meant.
Resource            board.resource
Library             sim.robot.figures
Suite Setup         Setup
Suite Teardown      Teardown
Test Teardown       Test Teardown


*** Test Cases ***
Frames Should Take The Recorded Cycles
    # Renode's virtual time has a grid of 12 cycles: its figures are close, not equal.
    [Tags]    crosscam-engine
    ${recorded}=    Recorded Cycles    ${ELF}    ${TIMING}
    Boot Board
    FOR    ${cycles}    IN    @{recorded}
        ${prediction}=    Next Prediction
        Should Be The Recorded Cycles    ${prediction.cycles}    ${cycles}
    END
    Write Line To Uart    i
    ${line}=    Wait For Line On Uart    display:
    Display Should Cost About The Recorded Cycles    ${line.Line}    ${TIMING}
