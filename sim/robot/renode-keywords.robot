*** Settings ***
Documentation       What Renode's file of the same name is to its Robot server: suites say
...                 `Resource    ${RENODEKEYWORDS}` and run on either engine.
# Suites written for Renode count on these coming along.
Library             String
Library             Process
Library             Collections
Library             OperatingSystem
Library             sim.robot.library.RenodeKeywords    ${LENIENT}    ${TIMING}    ${WALL_LIMIT}


*** Variables ***
${DEFAULT_UART_TIMEOUT}     8
${LENIENT}                  ${False}
${TIMING}                   instructions
${WALL_LIMIT}               ${None}
${HOTSPOT_ACTION}           None


*** Keywords ***
Setup
    Reset Emulation
    Set Default Uart Timeout    ${DEFAULT_UART_TIMEOUT}

Teardown
    Reset Emulation

Test Setup
    No Operation

Test Teardown
    Reset Emulation

Hot Spot
    Handle Hot Spot    ${HOTSPOT_ACTION}

Start Profiler Or Skip
    Skip    profiling is Renode's own
