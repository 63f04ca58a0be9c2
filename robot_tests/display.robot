*** Settings ***
Documentation       What the display shows: each prediction's own frame, with its labels and cycles, pixel for pixel.
Resource            board.resource
Library             OperatingSystem
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


A Stored Picture Should Be Shown Again
    [Tags]    pictures
    [Documentation]    What a boot has shown is what the next one shows; one changed dot is found, the next frame is not
    ...    taken for it, and what differs is kept.
    ${stored}=    Set Variable    ${OUTPUT DIR}${/}first.png
    ${kept}=    Set Variable    ${OUTPUT DIR}${/}lcd-first-differs.png
    Boot Board Until Picture    1
    Save Lcd Picture    ${stored}
    Next Prediction And Stop
    Remove File    ${kept}
    ${said}=    Run Keyword And Expect Error    *    Lcd Picture Should Be    ${stored}
    Should Match Regexp    ${said}    ^\\d+ of 76800 pixels differ by more than 0, the first at .*; see .*differs\\.png$
    File Should Exist    ${kept}
    Reset Emulation
    Boot Board Until Picture    1
    Lcd Picture Should Be    ${stored}
    Change A Dot    ${stored}    200    100    by=3
    Lcd Picture Should Be    ${stored}    tolerance=3
    Lcd Picture Should Be    ${stored}    pixels=1
    Run Keyword And Expect Error
    ...    1 of 76800 pixels differ by more than 2, the first at (200, 100): *
    ...    Lcd Picture Should Be    ${stored}    tolerance=2
    ${mask}=    Mask With A Hole    199    99
    Lcd Picture Should Be    ${stored}    mask=${mask}
    ${mask}=    Mask With A Hole    200    100
    Run Keyword And Expect Error    1 of 76800 pixels differ *    Lcd Picture Should Be    ${stored}    mask=${mask}
    ${mask}=    Mask With A Hole    0    0    width=319
    Run Keyword And Expect Error    the mask is 319 x 240 *    Lcd Picture Should Be    ${stored}    mask=${mask}


*** Keywords ***
Boot Board Until Picture
    [Documentation]    A picture is complete when the prediction after its own comes.
    [Arguments]    ${number}
    Boot Board
    WHILE    True    limit=20
        Next Prediction And Stop
        ${pictures}=    Lcd Pictures
        IF    ${pictures} >= ${number}    BREAK
    END

Change A Dot
    [Documentation]    Its blue, up or down.
    [Arguments]    ${file}    ${x}    ${y}    ${by}
    ${picture}=    Evaluate    PIL.Image.open($file).convert("RGB")    modules=PIL.Image
    ${red}    ${green}    ${blue}=    Call Method    ${picture}    getpixel    ${{ (${x}, ${y}) }}
    ${blue}=    Evaluate    ${blue} + ${by} if ${blue} < 128 else ${blue} - ${by}
    Call Method    ${picture}    putpixel    ${{ (${x}, ${y}) }}    ${{ (${red}, ${green}, ${blue}) }}
    Call Method    ${picture}    save    ${file}

Mask With A Hole
    [Documentation]    Black, with one white dot: only that is looked at.
    [Arguments]    ${x}    ${y}    ${width}=320
    ${file}=    Set Variable    ${OUTPUT DIR}${/}mask.png
    ${picture}=    Evaluate    PIL.Image.new("RGB", (${width}, 240))    modules=PIL.Image
    Call Method    ${picture}    putpixel    ${{ (${x}, ${y}) }}    ${{ (255, 255, 255) }}
    Call Method    ${picture}    save    ${file}
    RETURN    ${file}

Next Prediction And Stop
    [Documentation]    The board stands still at the end of the line, so that the display does not go on.
    ${line}=    Wait For Line On Uart    | Frame:    pauseEmulation=true
    ${prediction}=    Parse Prediction    ${line.Line}
    RETURN    ${prediction}
