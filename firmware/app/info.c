/*
 * What this firmware is, see info.h.
 */
#include "app/info.h"

#include "app/display.h"
#include "app/inference.h"
#include "app/report.h"
#include "app/self_test.h"
#include "drivers/camera.h"
#include "drivers/console.h"
#include "drivers/ov7670.h"
#include "nn/model.h"
#include "platform.h"

#ifndef CROSSCAM_VERSION
#error "CROSSCAM_VERSION is set by the Makefile, from pyproject.toml"
#endif

#define MHZ 1000000U

/* Layers with a line of their own in a profile. */
#define PROFILE_LAYERS_MAX 256U

static char buffer[REPORT_LINE_MAX];
static text_t line;

static void begin(const char *start) {
    text_init(&line, buffer, sizeof buffer);
    text_string(&line, start);
}

static void number(uint32_t value, const char *after) {
    text_unsigned(&line, value, 0);
    text_string(&line, after);
}

static uint32_t total_macs(void) {
    uint32_t macs = 0;
    for (uint32_t i = 0; i < nn_model.layer_count; i++) {
        macs += nn_model.layers[i].macs;
    }
    return macs;
}

static void model_lines(void) {
    begin("model: ");
    text_string(&line, nn_model.id);
    text_char(&line, ' ');
    text_string(&line, nn_model.hash);
    text_string(&line, ", input ");
    number(nn_model.input_width, "x");
    number(nn_model.input_height, "x");
    number(nn_model.input_channels, ", ");
    number(nn_model.layer_count, " layers, ");
    number(total_macs(), " MAC, arena ");
    number(nn_model.arena_bytes, " and weights ");
    number(nn_model.weight_bytes, " bytes");
    console_text(&line);
}

static void memory_line(void) {
    const platform_memory_t *memories;
    const uint32_t count = platform_memories(&memories);
    begin("memory: ");
    for (uint32_t i = 0; i < count; i++) {
        text_string(&line, i == 0U ? "" : ", ");
        text_string(&line, memories[i].name);
        text_char(&line, ' ');
        number(memories[i].used, "/");
        number(memories[i].size, "");
    }
    text_string(&line, " bytes");
    console_text(&line);
}

void info_banner(void) {
    begin("crosscam " CROSSCAM_VERSION ": ");
    text_string(&line, nn_model.title);
    text_string(&line, " on an STM32H743");
    console_text(&line);
    model_lines();
    begin("clock: core ");
    number(platform_core_hz() / MHZ, " MHz, bus ");
    number(platform_bus_hz() / MHZ, " MHz; last reset: ");
    text_string(&line, platform_reset_cause());
    console_text(&line);
    memory_line();
}

void info_camera(void) {
    begin("camera: OV7670 at 0x");
    text_hex(&line, OV7670_ADDRESS, 2);
    text_string(&line, ", ");
    number(OV7670_WIDTH, "x");
    number(OV7670_HEIGHT, " RGB565");
    console_text(&line);
}

void info_display(void) {
    begin("display: ");
    display_describe(&line);
    console_text(&line);
}

void info_running(void) {
    begin("stack: ");
    number(platform_stack_used(), "/");
    number(platform_stack_size(), " bytes at its deepest");
    console_text(&line);
    begin("frames: ");
    number(camera_counts().taken, " taken, ");
    number(camera_counts().lost, " lost");
    console_text(&line);
}

static void layer_line(uint32_t index, uint32_t cycles) {
    const nn_layer_t *const layer = &nn_model.layers[index];
    begin("layer ");
    text_unsigned(&line, index, 2);
    text_char(&line, ' ');
    text_padded(&line, layer->name, 24);
    text_char(&line, ' ');
    text_padded(&line, layer->op, 18);
    text_unsigned(&line, layer->macs, 10);
    text_string(&line, " MAC");
    text_unsigned(&line, cycles, 11);
    text_string(&line, " cycles");
    console_text(&line);
}

void info_profile(void) {
    static uint32_t layer_cycles[PROFILE_LAYERS_MAX];
    uint32_t preprocess_cycles;
    /* Everything is measured before anything is printed: the transmitter's interrupts would count as layers'
     * cycles. */
    const uint32_t cycles =
        inference_profile(self_test_frame(), &preprocess_cycles, layer_cycles, PROFILE_LAYERS_MAX);
    self_test_done();
    for (uint32_t i = 0; i < nn_model.layer_count && i < PROFILE_LAYERS_MAX; i++) {
        layer_line(i, layer_cycles[i]);
    }
    begin("camera path ");
    number(preprocess_cycles, " cycles");
    console_text(&line);
    begin("total ");
    number(total_macs(), " MAC, ");
    number(cycles, " cycles, ");
    number(report_milliseconds(cycles), " ms");
    console_text(&line);
}
