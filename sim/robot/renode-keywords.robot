*** Settings ***
Documentation       What Renode's file of the same name is to its Robot server: suites say
...                 `Resource    ${RENODEKEYWORDS}` and run on either engine.
Library             sim.robot.library.RenodeKeywords


*** Keywords ***
Setup
    Reset Emulation

Teardown
    Reset Emulation

Test Setup
    No Operation

Test Teardown
    Reset Emulation
