*** Settings ***
Documentation       The console's commands, a letter and Enter each.
Resource            board.resource
Suite Setup         Setup
Suite Teardown      Teardown
Test Setup          Boot Board And Stop It
Test Teardown       Test Teardown


*** Test Cases ***
Stop Should Stop
    Should Not Be On Uart    | Frame:    timeout=1

Nothing Should Reset A Board That Is Idle
    [Documentation]    Its watchdog would, after eight seconds without a refresh.
    Should Not Be On Uart    last reset    timeout=9

Help Should List Every Command
    [Tags]    smoke
    Write Line To Uart    h
    FOR    ${letter}    IN    h    i    s    p    f    r    x
        Wait For Line On Uart    ^\\s*${letter}\\b    treatAsRegex=true
    END

Info Should Name The Model
    Write Line To Uart    i
    Wait For Line On Uart    person_car_160

Self Test Should Pass On Demand
    Write Line To Uart    s
    Wait For Line On Uart    self-test: ok

Profile Should Name Every Layer
    Write Line To Uart    p
    Wait For Line On Uart    conv    treatAsRegex=true
    Wait For Line On Uart    total

One Frame Should Be One Prediction
    Write Line To Uart    f
    Next Prediction
    Should Not Be On Uart    | Frame:    timeout=1

Run Should Go On
    Write Line To Uart    r
    Next Prediction
    Next Prediction

Unknown Command Should Give One Error Line
    Write Line To Uart    y
    Wait For Line On Uart    E:
    Test If Uart Is Idle    0.2

A Line Too Long Should Not Hang The Console
    Write Line To Uart    ${{'z' * 200}}    waitForEcho=false
    Wait For Line On Uart    E:
    Write Line To Uart    i
    Wait For Line On Uart    person_car_160
