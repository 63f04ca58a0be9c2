/*
 * One frame through the network, see inference.h.
 */
#include "app/inference.h"

#include "app/model_shape.h"
#include "app/preprocess.h"
#include "drivers/hal.h"
#include "drivers/ov7670.h"
#include "nn/model.h"

static void fill_input(const uint16_t *frame) {
#if NN_INPUT_CHANNELS == 1
    preprocess_luma(frame, OV7670_WIDTH, OV7670_HEIGHT, nn_model.input, nn_model.input_width,
                    nn_model.input_height);
#else
    preprocess(frame, OV7670_WIDTH, OV7670_HEIGHT, nn_model.input, nn_model.input_width,
               nn_model.input_height);
#endif
}

uint32_t inference_run(const uint16_t *frame) {
    const uint32_t start = hal_cycles();
    fill_input(frame);
    for (uint32_t i = 0; i < nn_model.layer_count; i++) {
        nn_model.layers[i].run();
    }
    return hal_cycles() - start;
}

uint32_t inference_profile(const uint16_t *frame, uint32_t *preprocess_cycles, uint32_t *layer_cycles,
                           uint32_t capacity) {
    const uint32_t start = hal_cycles();
    fill_input(frame);
    uint32_t before = hal_cycles();
    *preprocess_cycles = before - start;
    for (uint32_t i = 0; i < nn_model.layer_count; i++) {
        nn_model.layers[i].run();
        const uint32_t after = hal_cycles();
        if (i < capacity) {
            layer_cycles[i] = after - before;
        }
        before = after;
    }
    return before - start;
}
