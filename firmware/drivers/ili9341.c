/*
 * ILI9341 display, see ili9341.h.
 *
 * What is not set here is as after reset. Voltages and frame rate are those display modules of this chip are usually
 * given; contrast hangs on them, the picture does not.
 */
#include "drivers/ili9341.h"

#include "drivers/hal.h"

#include <stddef.h>

enum {
    SLEEP_OUT = 0x11,    /* 8.2.12 */
    GAMMA_SET = 0x26,    /* 8.2.17 */
    DISPLAY_ON = 0x29,   /* 8.2.19 */
    COLUMNS = 0x2A,      /* 8.2.20 */
    PAGES = 0x2B,        /* 8.2.21 */
    MEMORY_WRITE = 0x2C, /* 8.2.22 */
    MADCTL = 0x36,       /* 8.2.29 */
    PIXEL_FORMAT = 0x3A, /* 8.2.33 */
    FRAME_RATE = 0xB1,   /* 8.3.2 */
    POWER_1 = 0xC0,
    POWER_2 = 0xC1,
    VCOM_1 = 0xC5,
    VCOM_2 = 0xC7,
};

/* 15.4: a reset pulse lasts 10 us at least, and a chip that was awake takes 120 ms; 8.2.12: 5 ms after sleep out. */
#define RESET_MS    1U
#define RECOVERY_MS 120U
#define WAKE_MS     5U

#define MADCTL_EXCHANGE 0x20U /* rows are the long way: landscape */
#define MADCTL_BGR      0x08U /* the glass has blue first */
#define FORMAT_16_BITS  0x55U

typedef struct step {
    uint8_t command, size;
    uint8_t parameters[4];
} step_t;

static const step_t set_up[] = {
    {POWER_1, 1, {0x23}}, /* 4.6 V for the grey levels */
    {POWER_2, 1, {0x10}},
    {VCOM_1, 2, {0x3E, 0x28}},
    {VCOM_2, 1, {0x86}},
    {MADCTL, 1, {MADCTL_EXCHANGE | MADCTL_BGR}},
    {PIXEL_FORMAT, 1, {FORMAT_16_BITS}},
    {FRAME_RATE, 2, {0x00, 0x18}}, /* 79 Hz */
    {GAMMA_SET, 1, {0x01}},
    {COLUMNS, 4, {0, 0, (ILI9341_WIDTH - 1U) >> 8, (ILI9341_WIDTH - 1U) & 0xFFU}},
    {PAGES, 4, {0, 0, (ILI9341_HEIGHT - 1U) >> 8, (ILI9341_HEIGHT - 1U) & 0xFFU}},
};

static void command(uint8_t code, const uint8_t *parameters, size_t size) {
    hal_display_write(HAL_DISPLAY_COMMAND, &code, 1);
    if (size > 0U) {
        hal_display_write(HAL_DISPLAY_DATA, parameters, size);
    }
}

void ili9341_init(void) {
    hal_display_open();
    hal_display_reset(true);
    hal_delay_ms(RESET_MS);
    hal_display_reset(false);
    hal_delay_ms(RECOVERY_MS);
    for (size_t i = 0; i < sizeof set_up / sizeof set_up[0]; i++) {
        command(set_up[i].command, set_up[i].parameters, set_up[i].size);
    }
    command(SLEEP_OUT, NULL, 0);
    hal_delay_ms(WAKE_MS);
    command(DISPLAY_ON, NULL, 0);
}

void ili9341_show(const uint16_t *pixels) {
    /* The window is the whole screen since set-up; the command sets the pointer to its start. */
    command(MEMORY_WRITE, NULL, 0);
    hal_display_send(pixels, ILI9341_WIDTH * ILI9341_HEIGHT);
}

bool ili9341_busy(void) {
    return hal_display_busy();
}
