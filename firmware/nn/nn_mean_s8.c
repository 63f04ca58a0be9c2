#include "nn/nn_kernels.h"
#include "nn/nn_platform.h"
#include "nn/nn_scale.h"

/*
 * MEAN over height and width; 1 / count is part of the multiplier.
 *
 * Order: channels forward, each written after its inputs were read.
 */
NN_HOT void nn_mean_s8(const nn_mean_t *layer, const int8_t *input, int8_t *output) {
    const uint32_t channels = layer->input.channels;
    const uint32_t pixels = (uint32_t)layer->input.height * layer->input.width;

    for (uint32_t c = 0; c < channels; c++) {
        const int8_t *value = input + c;
        int32_t sum = 0;
        for (uint32_t pixel = 0; pixel < pixels; pixel++, value += channels) {
            sum += *value;
        }
        output[c] = nn_requantize(sum, &layer->scale, &layer->range);
    }
}
