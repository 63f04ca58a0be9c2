#include "nn/nn_kernels.h"
#include "nn/nn_platform.h"

/* RESIZE_BILINEAR: weights in 1024ths along each axis, the sum rounded half away from zero. */
NN_HOT void nn_resize_bilinear_s8(const nn_resize_t *layer, const int8_t *input, int8_t *output) {
    const int32_t channels = layer->input.channels;
    const int32_t row_bytes = layer->input.width * channels;

    for (int32_t oy = 0; oy < layer->output.height; oy++) {
        const nn_between_t row = layer->rows[oy];
        const int8_t *above = input + row.low * row_bytes;
        const int8_t *below = input + row.high * row_bytes;
        for (int32_t ox = 0; ox < layer->output.width; ox++) {
            const nn_between_t column = layer->columns[ox];
            const int32_t left = column.low * channels, right = column.high * channels;
            for (int32_t c = 0; c < channels; c++) {
                const int32_t upper =
                    above[left + c] * (1024 - column.weight) + above[right + c] * column.weight;
                const int32_t lower =
                    below[left + c] * (1024 - column.weight) + below[right + c] * column.weight;
                int64_t sum = (int64_t)upper * (1024 - row.weight) + (int64_t)lower * row.weight;
                sum += sum > 0 ? 1 << 19 : -(1 << 19);
                *output++ = (int8_t)(sum / (1 << 20));
            }
        }
    }
}
