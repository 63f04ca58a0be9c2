/*
 * Every error this firmware tells, in one table: the code, what happened, and what the firmware does then. A line of
 * the console is made of it by error_begin: "E: CODE text (values)". docs/faults.md shows the table.
 */
#ifndef LIB_ERRORS_H
#define LIB_ERRORS_H

#include "lib/text.h"

#define ERRORS(X)                                                                                            \
    X(CMD_UNKNOWN, "no such command; h lists them", "goes on")                                               \
    X(CONSOLE_LOST, "output was lost while nobody took it", "goes on")                                       \
    X(SELF_TEST, "network differs from its reference", "goes on")                                            \
    X(IMAGE_CRC, "program or weights differ from what was linked", "stops taking pictures")                  \
    X(CAM_NACK, "no answer from camera", "tries again after 1, 2, 4 ... 32 s")                               \
    X(CAM_BUS, "camera bus does not move", "clocks it free, tries again after 1, 2, 4 ... 32 s")             \
    X(CAM_ID, "camera is no OV7670", "tries again after 1, 2, 4 ... 32 s")                                   \
    X(CAM_REGISTER, "camera lost a setting", "sets the camera up anew")                                      \
    X(CAM_TIMEOUT, "no frame from camera in time", "takes the next; after three sets the camera up anew")    \
    X(CAM_SHORT, "frame from camera ended early", "takes the next; after three sets the camera up anew")     \
    X(DCMI_OVR, "camera port lost pixels", "takes the next; after three sets the camera up anew")            \
    X(DMA_ERROR, "camera DMA failed", "takes the next; after three sets the camera up anew")                 \
    X(IRQ_STORM, "camera interrupt without a cause, over and over", "keeps it off until the next frame")     \
    X(LCD_TIMEOUT, "display did not take its frame", "gives the frame up, shows the next")                   \
    X(CAM_BLACK, "picture is black", "goes on")                                                              \
    X(CAM_WHITE, "picture is white", "goes on")                                                              \
    X(CAM_NOISE, "picture is noise", "goes on")                                                              \
    X(CAM_FROZEN, "picture stays the same", "goes on")                                                       \
    X(WATCHDOG_OFF, "clock of the watchdog does not run", "goes on without one")                             \
    X(CLOCK_SUPPLY, "core voltage regulator not ready", "waits for the watchdog, starts anew")               \
    X(CLOCK_VOS1, "voltage scale 1 not ready", "waits for the watchdog, starts anew")                        \
    X(CLOCK_VOS0, "voltage scale 0 not ready", "waits for the watchdog, starts anew")                        \
    X(CLOCK_HSE, "no 8 MHz clock on OSC_IN", "waits for the watchdog, starts anew")                          \
    X(CLOCK_FLASH, "flash does not take its wait states", "waits for the watchdog, starts anew")             \
    X(CLOCK_PLL, "PLL1 does not lock", "waits for the watchdog, starts anew")                                \
    X(CLOCK_SWITCH, "system clock does not switch to PLL1", "waits for the watchdog, starts anew")           \
    X(HARDFAULT, "processor fault", "waits for the watchdog, starts anew and tells it again")                \
    X(IRQ, "unexpected interrupt", "waits for the watchdog, starts anew")                                    \
    X(EXCEPTION, "unexpected exception", "waits for the watchdog, starts anew")

#define ERROR_NAME(code, text, then) ERROR_##code,
typedef enum error { ERROR_NONE, ERRORS(ERROR_NAME) ERROR_COUNT } error_t;
#undef ERROR_NAME

/* Make `line` "E: CODE text"; values go behind it in parentheses. */
void error_begin(text_t *line, error_t error);

#endif
