/*
 * OmniVision OV7670 image sensor, see ov7670.h.
 *
 * Clocking: XCLK is 24 MHz and used directly (CLKRC[6]). A frame is 510 lines of 784 pixel times, two clocks
 * each in RGB565, scaled or not, so 24 MHz / (510 x 784 x 2) = 30.0 frames a second; the scaler halves what
 * leaves the sensor, so the pixel clock on the pins is 12 MHz (data sheet figure 6, "VGA frame timing", and
 * table 5, COM14).
 */
#include "drivers/ov7670.h"

#include "drivers/hal.h"
#include "drivers/ov7670_registers.h"

#define PID_OV7670 0x76U
#define VER_OV7670 0x73U

/* Data sheet table 4: 1 ms after a reset until SCCB answers; ten times that costs nobody anything. Registers
 * are settled 300 ms, that is ten frames, after they were written: exposure, gain and white balance swing in.
 */
#define RESET_MS  10U
#define SETTLE_MS 300U

typedef struct setting {
    uint8_t reg, value;
} setting_t;

static const setting_t qvga_rgb565[] = {
    /* Clock: see the head of this file. */
    {OV7670_CLKRC, OV7670_CLKRC_RESERVED | OV7670_CLKRC_DIRECT},
    {OV7670_DBLV, OV7670_DBLV_PLL_BYPASS | OV7670_DBLV_RESERVED},

    /* Format: QVGA, RGB565 over the full range; low byte first, for a little-endian core. */
    {OV7670_COM7, OV7670_COM7_QVGA | OV7670_COM7_RGB},
    {OV7670_RGB444, 0x00},
    {OV7670_COM15, OV7670_COM15_FULL_RANGE | OV7670_COM15_RGB565},
    {OV7670_TSLB, OV7670_TSLB_RESERVED},
    {OV7670_COM3, OV7670_COM3_SWAP | OV7670_COM3_DCW},

    /* Scaler: half of VGA both ways (implementation guide, "QVGA"); test pattern bits (XSC[7], YSC[7]) off.
     */
    {OV7670_COM14, OV7670_COM14_DCW_PCLK | OV7670_COM14_MANUAL | OV7670_COM14_DIV2},
    {OV7670_SCALING_XSC, 0x3A},
    {OV7670_SCALING_YSC, 0x35},
    {OV7670_SCALING_DCWCTR, 0x11},
    {OV7670_SCALING_PCLK_DIV, 0xF1},
    {OV7670_SCALING_PCLK_DELAY, 0x02},

    /* Window on the array, VGA pixels and lines: columns 180 to 36 of the next line (784 a line, so 640 of
     * them), lines 10 to 490 (480 of them). HREF[7:6] stays 0: no edge offset. */
    {OV7670_HSTART, 0x16},
    {OV7670_HSTOP, 0x04},
    {OV7670_HREF, 0x24},
    {OV7670_VSTRT, 0x02},
    {OV7670_VSTOP, 0x7A},
    {OV7670_VREF, 0x0A},

    /* Synchronisation: VSYNC high in vertical blanking, HREF high with pixels, data stable at the rising edge
     * of a free-running PCLK. The camera port is set to exactly this (chip/.../dcmi.c). */
    {OV7670_COM10, 0x00},

    /* Exposure, gain and white balance: automatic. Gain ceiling 8x keeps noise down indoors; the stable
     * region is the implementation guide's. */
    {OV7670_COM9, OV7670_COM9_CEILING_8X | OV7670_COM9_RESERVED},
    {OV7670_AEW, 0x95},
    {OV7670_AEB, 0x33},
    {OV7670_VPT, 0xE3},
    {OV7670_COM8, OV7670_COM8_FAST_AEC | OV7670_COM8_STEP | OV7670_COM8_BANDING | OV7670_COM8_AGC |
                      OV7670_COM8_AWB | OV7670_COM8_AEC},

    /* Colour: YUV to RGB matrix (BT.601 in units of 1/128), gamma and white balance gain on. */
    {OV7670_MTX1, 0xB3},
    {OV7670_MTX2, 0xB3},
    {OV7670_MTX3, 0x00},
    {OV7670_MTX4, 0x3D},
    {OV7670_MTX5, 0xA7},
    {OV7670_MTX6, 0xE4},
    {OV7670_MTXS, 0x9E},
    {OV7670_COM13, OV7670_COM13_GAMMA | OV7670_COM13_UV_SAT | OV7670_COM13_DEFAULT},
    {OV7670_COM16, OV7670_COM16_AWB_GAIN},
    /* Reserved in the data sheet, but in every register set OmniVision gave out: without it red and green are
     * mixed up. */
    {OV7670_RESERVED_B0, 0x84},
};

/* A picture depends on each of these; a sensor that browned out during set-up shows here. */
static const uint8_t kept[] = {OV7670_CLKRC,  OV7670_COM7,  OV7670_COM15, OV7670_COM3,  OV7670_COM14,
                               OV7670_HSTART, OV7670_HSTOP, OV7670_VSTRT, OV7670_VSTOP, OV7670_COM10};

static ov7670_status_t from_bus(hal_bus_status_t status) {
    switch (status) {
    case HAL_BUS_OK:
        return OV7670_OK;
    case HAL_BUS_NO_ANSWER:
        return OV7670_NO_ANSWER;
    default:
        return OV7670_BUS_STUCK;
    }
}

/* SCCB's three-phase write: address, register, value. */
static ov7670_status_t write_register(uint8_t reg, uint8_t value) {
    const uint8_t message[2] = {reg, value};
    return from_bus(hal_bus_write(OV7670_ADDRESS, message, sizeof message));
}

/* SCCB has no repeated START: a two-phase write of the register with its own STOP, then a two-phase read
 * (SCCB functional specification 2.1, section 3.2.1). */
static ov7670_status_t read_register(uint8_t reg, uint8_t *value) {
    const hal_bus_status_t status = hal_bus_write(OV7670_ADDRESS, &reg, 1);
    if (status != HAL_BUS_OK) {
        return from_bus(status);
    }
    return from_bus(hal_bus_read(OV7670_ADDRESS, value, 1));
}

ov7670_status_t ov7670_identify(ov7670_report_t *report) {
    *report = (ov7670_report_t){0};
    hal_camera_power_down(false);
    hal_camera_reset(true);
    hal_delay_ms(RESET_MS);
    hal_camera_reset(false);
    hal_delay_ms(RESET_MS);

    ov7670_status_t status = read_register(OV7670_PID, &report->pid);
    if (status == OV7670_OK) {
        status = read_register(OV7670_VER, &report->ver);
    }
    if (status != OV7670_OK) {
        return status;
    }
    return report->pid == PID_OV7670 && report->ver == VER_OV7670 ? OV7670_OK : OV7670_WRONG_ID;
}

static uint8_t wanted(uint8_t reg) {
    for (uint32_t i = 0; i < sizeof qvga_rgb565 / sizeof qvga_rgb565[0]; i++) {
        if (qvga_rgb565[i].reg == reg) {
            return qvga_rgb565[i].value;
        }
    }
    return 0;
}

static ov7670_status_t check(uint8_t reg, ov7670_report_t *report) {
    report->reg = reg;
    report->expected = wanted(reg);
    const ov7670_status_t status = read_register(reg, &report->found);
    if (status != OV7670_OK) {
        return status;
    }
    return report->found == report->expected ? OV7670_OK : OV7670_NOT_KEPT;
}

static ov7670_status_t read_back(ov7670_report_t *report) {
    ov7670_status_t status = OV7670_OK;
    for (uint32_t i = 0; status == OV7670_OK && i < sizeof kept; i++) {
        status = check(kept[i], report);
    }
    return status;
}

ov7670_status_t ov7670_check(ov7670_report_t *report) {
    static uint32_t next;
    next = (next + 1U) % sizeof kept;
    return check(kept[next], report);
}

ov7670_status_t ov7670_configure(ov7670_report_t *report) {
    report->reg = OV7670_COM7;
    ov7670_status_t status = write_register(OV7670_COM7, OV7670_COM7_RESET);
    hal_delay_ms(RESET_MS);
    for (uint32_t i = 0; status == OV7670_OK && i < sizeof qvga_rgb565 / sizeof qvga_rgb565[0]; i++) {
        report->reg = qvga_rgb565[i].reg;
        status = write_register(qvga_rgb565[i].reg, qvga_rgb565[i].value);
    }
    if (status == OV7670_OK) {
        status = read_back(report);
    }
    if (status == OV7670_OK) {
        hal_delay_ms(SETTLE_MS);
    }
    return status;
}
