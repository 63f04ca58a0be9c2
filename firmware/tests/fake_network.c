/*
 * A network of two layers and a board to go with it, for the host tests of the application.
 */
#include "nn/model.h"
#include "platform.h"

static int8_t input[2 * 4 * 3];
int8_t fake_network_output[3], fake_network_thresholds[3] = {1, 0, -5};
static int8_t *const output = fake_network_output;
static int8_t broken;

void fake_network_fail(bool fails);
void fake_network_fail(bool fails) {
    broken = fails ? 1 : 0;
}

static void first(void) {
    output[0] = output[1] = output[2] = 0;
}

static void second(void) {
    output[0] = (int8_t)(127 - broken);
    output[1] = -128;
    output[2] = 12;
}

static const char *const labels[] = {"car", "negative", "person"};
static const int8_t expected[] = {127, -128, 12};
static const nn_layer_t layers[] = {{"first", "CONV_2D", 1000, first}, {"second", "LOGISTIC", 500, second}};

const nn_model_t nn_model = {
    .id = "fake_net",
    .hash = "01234567",
    .input_height = 2,
    .input_width = 4,
    .input_channels = 3,
    .input = input,
    .output = fake_network_output,
    .output_count = 3,
    .labels = labels,
    .thresholds = fake_network_thresholds,
    .arena_bytes = 64,
    .weight_bytes = 128,
    .layer_count = 2,
    .layers = layers,
    .self_test_expected = expected,
    .title = "Two layers that say what they are told",
};

const nn_zone_t nn_model_zones[] = {{"trusted", 100}, {"neutral", 12}};

uint32_t platform_core_hz(void) {
    return 480000000U;
}

uint32_t platform_bus_hz(void) {
    return 240000000U;
}

const char *platform_reset_cause(void) {
    return "power-on";
}

uint32_t platform_memories(const platform_memory_t **memories) {
    static const platform_memory_t table[] = {{"flash", 1000, 2000}, {"RAM", 30, 400}};
    *memories = table;
    return 2;
}

void platform_image(platform_image_t *image) {
    static const uint8_t content[] = "123456789";
    *image = (platform_image_t){.start = content, .size = 9, .seal = 0xCBF43926U - (uint32_t)broken};
}

uint32_t platform_stack_used(void) {
    return 512;
}

uint32_t platform_stack_size(void) {
    return 1024;
}
