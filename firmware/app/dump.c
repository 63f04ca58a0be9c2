/*
 * A picture to the host, see dump.h.
 */
#include "app/dump.h"

#include "app/arguments.h"
#include "app/report.h"
#include "app/rows.h"
#include "app/vision.h"
#include "drivers/console.h"
#include "drivers/hal.h"
#include "lib/crc32.h"

#include <stddef.h>

static struct {
    uint32_t first, last, baud;
} wanted;

static void announce(uint32_t frame) {
    char buffer[REPORT_LINE_MAX];
    text_t line;
    text_init(&line, buffer, sizeof buffer);
    text_string(&line, "dump: frame ");
    text_unsigned(&line, frame, 0);
    text_string(&line, ", rows ");
    text_unsigned(&line, wanted.first, 0);
    text_string(&line, " to ");
    text_unsigned(&line, wanted.last, 0);
    text_string(&line, " of ");
    text_unsigned(&line, ROWS, 0);
    text_string(&line, ", ");
    text_unsigned(&line, wanted.baud, 0);
    text_string(&line, " baud");
    console_text(&line);
}

static void finish(const camera_frame_t *frame) {
    char buffer[REPORT_LINE_MAX];
    text_t line;
    text_init(&line, buffer, sizeof buffer);
    text_string(&line, "dump: end of frame ");
    text_unsigned(&line, frame->number, 0);
    text_string(&line, ", CRC ");
    text_hex(&line, crc32(0, frame->pixels, ROWS * ROW_BYTES), 8);
    console_text(&line);
}

static void send(const camera_frame_t *frame) {
    announce(frame->number);
    console_set_baud(wanted.baud);
    for (uint32_t row = wanted.first; row <= wanted.last; row++) {
        static char buffer[ROW_LENGTH + 1U];
        text_t line;
        text_init(&line, buffer, sizeof buffer);
        console_make_room();
        row_append(&line, 'D', row, frame->pixels + row * OV7670_WIDTH);
        console_text(&line);
        hal_watchdog_refresh();
    }
    console_set_baud(CONSOLE_BAUD);
    finish(frame);
}

static void complain(const char *what) {
    console_line(what);
}

void dump_command(const char *arguments) {
    uint32_t numbers[3];
    const uint32_t count = arguments_read(arguments, numbers, 3U);
    wanted.first = 0;
    wanted.last = ROWS - 1U;
    wanted.baud = count == 1U || count == 3U ? numbers[count - 1U] : CONSOLE_BAUD;
    if (count == 2U || count == 3U) {
        wanted.first = numbers[0];
        wanted.last = numbers[1];
    }
    if (count == ARGUMENTS_WRONG || wanted.first > wanted.last || wanted.last >= ROWS ||
        !console_baud_possible(wanted.baud)) {
        complain("dump: expected d [BAUD] or d FIRST LAST [BAUD], rows from 0 to 239");
        return;
    }
    if (count < 2U) {
        (void)vision_single_for(send);
        return;
    }
    const camera_frame_t *const kept = vision_kept();
    if (kept == NULL) {
        complain("dump: no picture is kept; d takes one");
        return;
    }
    send(kept);
}
