/*
 * The display's picture, see display.h.
 */
#include "app/display.h"

#include "app/drawing.h"
#include "app/frames.h"
#include "app/report.h"
#include "drivers/console.h"
#include "drivers/hal.h"
#include "drivers/ili9341.h"
#include "drivers/ov7670.h"
#include "lib/errors.h"
#include "nn/model.h"

#include <stddef.h>

#define MARGIN     4U
#define LINE_STEP  (DRAWING_CELL_HEIGHT + 2U)
#define TIME_LINE  (OV7670_HEIGHT - MARGIN - DRAWING_CELL_HEIGHT)
#define LABELS_MAX ((TIME_LINE - MARGIN) / LINE_STEP)

/* Four times what a frame takes. */
#define SEND_TIMEOUT_MS 100U

_Static_assert(OV7670_WIDTH == ILI9341_WIDTH && OV7670_HEIGHT == ILI9341_HEIGHT, "a frame fills the display");

static struct {
    uint32_t cycles; /* what the last frame cost the core, interrupts of the transfer left out */
    uint32_t shown, left_out;
    uint32_t started_at;
} display;

void display_init(void) {
    ili9341_init();
}

static void draw_line(const drawing_t *drawing, uint32_t y, const char *text, uint16_t colour) {
    drawing_text(drawing, MARGIN, y, text, colour);
    /* The display's DMA reads memory, not the core's cache. */
    hal_cache_clean(drawing->pixels + y * drawing->width,
                    DRAWING_CELL_HEIGHT * drawing->width * sizeof *drawing->pixels);
}

static void draw_labels(const drawing_t *drawing) {
    uint32_t label = 0;
    for (uint32_t line = 0; line < LABELS_MAX && report_next_label(line, &label); line++) {
        const bool present = nn_model.output[label] >= nn_model.thresholds[label];
        draw_line(drawing, MARGIN + line * LINE_STEP, nn_model.labels[label],
                  present ? DRAWING_GREEN : DRAWING_RED);
    }
}

static void draw_time(const drawing_t *drawing, uint32_t cycles) {
    char buffer[DRAWING_CELL_WIDTH * 4U];
    text_t line;
    text_init(&line, buffer, sizeof buffer);
    text_unsigned(&line, report_milliseconds(cycles), 0);
    text_string(&line, " ms ");
    text_unsigned(&line, cycles, 0);
    text_string(&line, " cycles");
    draw_line(drawing, TIME_LINE, buffer, DRAWING_WHITE);
}

static void give_up(void) {
    char buffer[64];
    text_t line;
    text_init(&line, buffer, sizeof buffer);
    error_begin(&line, ERROR_LCD_TIMEOUT);
    console_text(&line);
    ili9341_init();
    frames_release(FRAME_DISPLAY);
}

void display_step(void) {
    if (!ili9341_busy()) {
        frames_release(FRAME_DISPLAY);
    } else if (hal_millis() - display.started_at > SEND_TIMEOUT_MS) {
        give_up();
    }
}

void display_show(uint32_t cycles) {
    display_step();
    if (ili9341_busy()) {
        display.left_out++;
        frames_release(FRAME_NETWORK);
        return;
    }
    const uint32_t start = hal_cycles();
    uint16_t *const pixels = frames_hand_over(FRAME_NETWORK, FRAME_DISPLAY);
    if (pixels == NULL) {
        return;
    }
    const drawing_t drawing = {pixels, OV7670_WIDTH, OV7670_HEIGHT};
    draw_labels(&drawing);
    draw_time(&drawing, cycles);
    ili9341_show(pixels);
    display.started_at = hal_millis();
    display.shown++;
    display.cycles = hal_cycles() - start;
}

void display_describe(text_t *line) {
    text_string(line, "ILI9341 ");
    text_unsigned(line, ILI9341_WIDTH, 0);
    text_char(line, 'x');
    text_unsigned(line, ILI9341_HEIGHT, 0);
    text_string(line, ", ");
    text_unsigned(line, display.cycles, 0);
    text_string(line, " cycles a frame, ");
    text_unsigned(line, display.shown, 0);
    text_string(line, " shown, ");
    text_unsigned(line, display.left_out, 0);
    text_string(line, " left out");
}
