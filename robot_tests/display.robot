*** Settings ***
Documentation       What the display shows: each prediction's own frame, with its labels and cycles, pixel for pixel.
Resource            board.resource
Library             sim.robot.lcd
Suite Setup         Setup
Suite Teardown      Teardown
Test Teardown       Test Teardown


*** Test Cases ***
Every Frame Should Be Shown With Its Prediction
    [Documentation]    A frame's picture is complete when the next prediction comes.
    ${REFERENCE}=    Load Reference    ${FRAMES}
    Boot Board
    ${prediction}=    Next Prediction And Stop
    ${row}=    Should Equal Reference    ${prediction}    ${REFERENCE}
    FOR    ${number}    IN RANGE    1    21
        ${photograph}=    Evaluate    $REFERENCE.index($row)
        ${next}=    Next Prediction And Stop
        ${pictures}=    Lcd Pictures
        Should Be Equal As Integers    ${pictures}    ${number}
        Lcd Should Show Prediction    ${prediction}    ${photograph}    ${FRAMES}    ${ELF}
        ${row}=    Should Equal Reference    ${next}    ${REFERENCE}
        ${prediction}=    Set Variable    ${next}
    END


*** Keywords ***
Next Prediction And Stop
    [Documentation]    The board stands still at the end of the line, so that the display does not go on.
    ${line}=    Wait For Line On Uart    | Frame:    pauseEmulation=true
    ${prediction}=    Parse Prediction    ${line.Line}
    RETURN    ${prediction}
