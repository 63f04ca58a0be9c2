/*
 * Self-test, see self_test.h.
 */
#include "app/self_test.h"

#include "app/display.h"
#include "app/frames.h"
#include "app/inference.h"
#include "app/model_shape.h"
#include "app/report.h"
#include "drivers/console.h"
#include "drivers/ov7670.h"
#include "lib/errors.h"
#include "nn/model.h"

#include <stddef.h>

/* There is a free one of three (frames.c). Of two the display may have the one that a capture has not, as long as it takes
 * to send it, or to give up. */
static uint16_t *take_buffer(void) {
    uint16_t *buffer = frames_take(FRAME_SELF_TEST);
#if NN_FRAME_BUFFERS < 3
    while (buffer == NULL) {
        display_step();
        buffer = frames_take(FRAME_SELF_TEST);
    }
#endif
    return buffer;
}

const uint16_t *self_test_frame(void) {
    uint16_t *const pattern = take_buffer();
    uint16_t *pixel = pattern;
    for (uint32_t y = 0; y < OV7670_HEIGHT; y++) {
        for (uint32_t x = 0; x < OV7670_WIDTH; x++) {
            *pixel++ = (uint16_t)((x * 2053U + y * 4099U) ^ (x * y));
        }
    }
    return pattern;
}

void self_test_done(void) {
    frames_release(FRAME_SELF_TEST);
}

bool self_test_run(void) {
    const uint32_t cycles = inference_run(self_test_frame());
    self_test_done();
    bool passed = true;
    for (uint32_t i = 0; i < nn_model.output_count; i++) {
        passed = passed && nn_model.output[i] == nn_model.self_test_expected[i];
    }

    char buffer[REPORT_LINE_MAX];
    text_t line;
    text_init(&line, buffer, sizeof buffer);
    text_string(&line, passed ? "self-test: ok (" : "self-test: FAILED (");
    report_scores(&line, nn_model.output);
    text_string(&line, "; ");
    text_unsigned(&line, cycles, 0);
    text_string(&line, " cycles)");
    console_text(&line);
    if (!passed) {
        text_init(&line, buffer, sizeof buffer);
        error_begin(&line, ERROR_SELF_TEST);
        text_string(&line, " (expected ");
        report_scores(&line, nn_model.self_test_expected);
        text_char(&line, ')');
        console_text(&line);
    }
    return passed;
}
