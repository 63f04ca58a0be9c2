/*
 * OmniVision OV7670 image sensor behind SCCB (OV7670/OV7171 data sheet version 1.4; OV7670 implementation
 * guide version 1.0). Sets it up for QVGA RGB565, low byte first on the bus: a little-endian uint16_t a pixel
 * in memory.
 */
#ifndef DRIVERS_OV7670_H
#define DRIVERS_OV7670_H

#include <stdint.h>

#define OV7670_ADDRESS 0x21U /* 7 bit; 0x42 to write, 0x43 to read */
#define OV7670_WIDTH   320U
#define OV7670_HEIGHT  240U
/* Bytes of one frame. */
#define OV7670_FRAME_SIZE (OV7670_WIDTH * OV7670_HEIGHT * 2U)

typedef enum ov7670_status {
    OV7670_OK = 0,
    OV7670_NO_ANSWER, /* nobody acknowledges at OV7670_ADDRESS */
    OV7670_BUS_STUCK, /* SCL or SDA held low */
    OV7670_WRONG_ID,  /* somebody else answers: found is PID and VER */
    OV7670_NOT_KEPT,  /* a register reads back other than written: reg, found, expected */
} ov7670_status_t;

/* What the sensor said, for reports. */
typedef struct ov7670_report {
    uint8_t pid, ver; /* 0x76 and 0x73 on an OV7670 */
    uint8_t reg;      /* the register an error is about */
    uint8_t found, expected;
} ov7670_report_t;

/* Wake the sensor (power down off, reset pulse) and read who it is. XCLK has to run. Takes about 20 ms. */
ov7670_status_t ov7670_identify(ov7670_report_t *report);

/* Software reset, then every register of QVGA RGB565 at 30 frames a second, then the read back of those a
 * picture depends on. Ends after the 300 ms the sensor needs to settle. */
ov7670_status_t ov7670_configure(ov7670_report_t *report);

/* Read one of those registers back, the next with every call: a sensor that lost its settings while it runs (a
 * drop of its supply, a disturbed bus) still sends pictures, but other ones. Takes 0.5 ms of the bus. */
ov7670_status_t ov7670_check(ov7670_report_t *report);

#endif
