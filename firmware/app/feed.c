/*
 * A picture from the host, see feed.h.
 */
#include "app/feed.h"

#include "app/arguments.h"
#include "app/inference.h"
#include "app/report.h"
#include "app/rows.h"
#include "app/vision.h"
#include "drivers/console.h"
#include "drivers/hal.h"
#include "nn/model.h"

#include <stddef.h>

#define SILENCE_MS 3000U

static struct {
    char line[ROW_LENGTH + 1U];
    uint32_t length;
    uint32_t heard_at;
    uint32_t missing;
    bool has[ROWS];
} feed;

static uint32_t pictures; /* fed since boot */

static void announce(uint32_t baud) {
    char buffer[REPORT_LINE_MAX];
    text_t line;
    text_init(&line, buffer, sizeof buffer);
    text_string(&line, "feed: send ");
    text_unsigned(&line, ROWS, 0);
    text_string(&line, " rows, ");
    text_unsigned(&line, baud, 0);
    text_string(&line, " baud");
    console_text(&line);
}

static void answer(uint32_t row) {
    char buffer[16];
    text_t line;
    text_init(&line, buffer, sizeof buffer);
    text_string(&line, "u ");
    if (row == ROWS) {
        text_string(&line, "bad");
    } else {
        text_unsigned(&line, row, 0);
        text_string(&line, " ok");
    }
    console_text(&line);
}

static void give_up(void) {
    char buffer[REPORT_LINE_MAX];
    text_t line;
    text_init(&line, buffer, sizeof buffer);
    text_string(&line, "feed: gave up, ");
    text_unsigned(&line, feed.missing, 0);
    text_string(&line, " of ");
    text_unsigned(&line, ROWS, 0);
    text_string(&line, " rows are missing");
    console_text(&line);
}

static void tell(uint32_t cycles) {
    char buffer[REPORT_LINE_MAX];
    text_t line;
    text_init(&line, buffer, sizeof buffer);
    pictures++;
    text_string(&line, "fed ");
    text_unsigned(&line, pictures, 0);
    text_string(&line, " | ");
    report_scores(&line, nn_model.output);
    report_cost(&line, cycles);
    console_text(&line);
}

/* A line is whole; only one that is as long as a row is looked at. */
static void line_came(uint16_t *pixels) {
    static uint16_t came[OV7670_WIDTH];
    const uint32_t row = feed.length == ROW_LENGTH ? row_read(feed.line, 'U', came) : ROWS;
    feed.length = 0;
    answer(row);
    if (row == ROWS) {
        return;
    }
    for (uint32_t x = 0; x < OV7670_WIDTH; x++) {
        pixels[row * OV7670_WIDTH + x] = came[x];
    }
    if (!feed.has[row]) {
        feed.has[row] = true;
        feed.missing--;
    }
}

static void take(uint8_t byte, uint16_t *pixels) {
    if (byte == '\n') {
        if (feed.length > 0U) {
            line_came(pixels);
        }
    } else if (byte != '\r') {
        if (feed.length < ROW_LENGTH) {
            feed.line[feed.length] = (char)byte;
        }
        feed.length += feed.length <= ROW_LENGTH ? 1U : 0U;
    }
}

static bool input_or_done(void) {
    return feed.missing == 0U || console_input_waiting();
}

static void receive(uint16_t *pixels) {
    feed.length = 0;
    feed.missing = ROWS;
    for (uint32_t row = 0; row < ROWS; row++) {
        feed.has[row] = false;
    }
    feed.heard_at = hal_millis();
    while (feed.missing > 0U && hal_millis() - feed.heard_at <= SILENCE_MS) {
        for (int byte = console_raw(); byte >= 0; byte = console_raw()) {
            feed.heard_at = hal_millis();
            take((uint8_t)byte, pixels);
        }
        hal_watchdog_refresh();
        hal_sleep_unless(input_or_done);
    }
}

void feed_command(const char *arguments) {
    uint32_t baud = CONSOLE_BAUD;
    if (arguments_read(arguments, &baud, 1U) == ARGUMENTS_WRONG || !console_baud_possible(baud)) {
        console_line("feed: expected u [BAUD]");
        return;
    }
    uint16_t *const pixels = vision_lend();
    announce(baud);
    console_set_baud(baud);
    receive(pixels);
    console_set_baud(CONSOLE_BAUD);
    if (feed.missing > 0U) {
        give_up();
        return;
    }
    tell(inference_run(pixels));
}
