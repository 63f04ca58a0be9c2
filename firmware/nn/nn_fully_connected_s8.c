#include "nn/nn_kernels.h"
#include "nn/nn_mac4.h"
#include "nn/nn_platform.h"
#include "nn/nn_scale.h"

/* round(sum * scale) as the reference has it: in double, ties away from zero. Beyond +-1024 every clamp has the same
 * answer. The product is volatile so that no compiler fuses it with the subtraction, which would round once less. */
static inline int32_t scale_in_double(int32_t sum, double scale) {
    volatile double product = (double)sum * scale;
    const double value = product;
    if (value >= 1024.0) {
        return 1024;
    }
    if (value <= -1024.0) {
        return -1024;
    }
    int32_t whole = (int32_t)value;
    const double rest = value - (double)whole;
    if (rest >= 0.5) {
        whole += 1;
    } else if (rest <= -0.5) {
        whole -= 1;
    }
    return whole;
}

/*
 * FULLY_CONNECTED: rows of inputs times a matrix.
 *
 * weights: [ceil(out / 4)][in][4], the last block filled up with zeros.
 * Order: rows forward; a row's four outputs are written after all its inputs were read for them.
 */
NN_HOT void nn_fully_connected_s8(const nn_fc_t *layer, const int8_t *input, int8_t *output) {
    for (uint32_t row = 0; row < layer->rows; row++) {
        const int8_t *weights = layer->weights;
        const nn_fc_channel_t *channel = layer->channels;
        for (uint32_t left = layer->outputs; left != 0;) {
            const uint32_t block = left < 4 ? left : 4;
            nn_mac4_t acc = {{0, 0, 0, 0}};
            nn_mac4(&acc, input, weights, layer->inputs);
            weights += 4 * layer->inputs;
            for (uint32_t i = 0; i < block; i++, channel++) {
                int32_t sum = (int32_t)((uint32_t)acc.sum[i] + (uint32_t)channel->bias);
                *output++ = nn_clamp(scale_in_double(sum, channel->scale), &layer->range);
            }
            left -= block;
        }
        input += layer->inputs;
    }
}
