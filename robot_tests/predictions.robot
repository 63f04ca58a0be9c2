*** Settings ***
Documentation       Photograph in, prediction out: every score equals LiteRT's reference kernels bit for bit.
Resource            board.resource
Suite Setup         Setup
Suite Teardown      Teardown
Test Teardown       Test Teardown


*** Test Cases ***
Demo Photographs Should Be Recognised
    [Documentation]    One row a photograph of the demo set, in the order the camera shows them.
    [Tags]    smoke
    [Setup]    Boot Board With Reference    ${FRAMES}
    [Template]    Next Prediction Should Be
    # photograph    what the board says
    astronaut               person
    chelsea                 negative
    camera                  person
    coffee                  negative
    grace_hopper            person
    rocket                  person        # wrong: nobody is in the picture
    astronaut-close         person
    coins                   negative
    camera-mirrored         person
    brick                   negative
    grace_hopper-mirrored   person
    hubble                  negative
    astronaut-mirrored      person
    grass                   negative
    camera-close            person
    chelsea-mirrored        negative
    grace_hopper-close      person
    retina                  negative
    coffee-close            negative
    gravel                  negative

Every COCO Photograph Should Score As The Reference
    [Documentation]    Needs COCO_DIR; the demo set stands in for it otherwise.
    [Setup]    Boot Board With Reference    ${COCO_FRAMES}
    FOR    ${row}    IN    @{REFERENCE}
        ${prediction}=    Next Prediction
        Should Equal Reference    ${prediction}    ${REFERENCE}
    END


*** Keywords ***
Boot Board With Reference
    [Arguments]    ${frames}
    ${reference}=    Load Reference    ${frames}
    Set Test Variable    ${REFERENCE}    ${reference}
    Boot Board    ${frames}

Next Prediction Should Be
    [Arguments]    ${photograph}    ${decision}
    ${prediction}=    Next Prediction
    ${row}=    Should Equal Reference    ${prediction}    ${REFERENCE}
    Should Be Equal    ${row}[source]    ${photograph}
    ${says}=    Evaluate    ' '.join($row['decision'])
    Should Be Equal    ${says}    ${decision}
