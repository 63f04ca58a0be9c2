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
One Of Each Kind
    [Tags]    smoke    crosscam-engine
    smoke=${True}

Camera
    [Tags]    slow    crosscam-engine
    camera

Camera On Either Engine
    [Tags]    slow    renode
    camera    renode=${True}

Registers And Buses
    [Tags]    slow    crosscam-engine
    register dma i2c

Interrupts
    [Tags]    slow    crosscam-engine
    irq

Clocks
    [Tags]    slow    crosscam-engine
    clock

Memory
    [Tags]    slow    crosscam-engine
    memory

The Console's Line
    [Tags]    slow    crosscam-engine
    uart

Program And Supply
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
