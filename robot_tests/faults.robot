*** Settings ***
Documentation       What goes wrong, and what the board does about it: every row of faults.toml. Tagged smoke: the few that
...                 stand for the rest; slow: all, in `make test-all`; renode: those the camera's script plays, which run
...                 on Renode as well.
Resource            board.resource
Library             sim.robot.fault_rows
Suite Setup         Setup
Suite Teardown      Teardown
Test Teardown       Test Teardown
Test Template       Faults Should Be Answered


*** Variables ***
${TABLE}    ${CURDIR}/faults.toml


*** Test Cases ***
One Fault Of Each Kind Should Be Answered
    [Tags]    smoke    crosscam-engine
    smoke=${True}

Camera Faults Should Be Answered
    [Tags]    slow    crosscam-engine
    camera

Camera Faults Should Be Answered On Either Engine
    [Tags]    slow    renode
    camera    renode=${True}

Faults Of Registers And Buses Should Be Answered
    [Tags]    slow    crosscam-engine
    register dma i2c

Faults Of Interrupts Should Be Answered
    [Tags]    slow    crosscam-engine
    irq

Faults Of Clocks Should Be Answered
    [Tags]    slow    crosscam-engine
    clock

Faults Of Memory Should Be Answered
    [Tags]    slow    crosscam-engine
    memory

Faults Of The Console's Line Should Be Answered
    [Tags]    slow    crosscam-engine
    uart

Faults Of Program And Supply Should Be Answered
    [Tags]    slow    crosscam-engine
    watchdog power


*** Keywords ***
Faults Should Be Answered
    [Documentation]    Every row is run, whatever became of those before it.
    [Arguments]    ${family}=${EMPTY}    ${smoke}=${False}    ${renode}=${False}
    ${rows}=    Fault Rows    ${TABLE}    ${family}    ${smoke}    ${renode}
    @{failures}=    Create List
    FOR    ${row}    IN    @{rows}
        ${outcome}    ${message}=    Run Keyword And Ignore Error    Fault Should Be Answered    ${row}    ${FRAMES}
        IF    "${outcome}" == "FAIL"    Append To List    ${failures}    ${message}
    END
    Should Be Empty    ${failures}    msg=${{ "\n".join($failures) }}
