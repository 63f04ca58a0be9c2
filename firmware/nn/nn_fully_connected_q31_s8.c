#include "nn/nn_kernels.h"
#include "nn/nn_mac4.h"
#include "nn/nn_platform.h"

/*
 * FULLY_CONNECTED scaled in fixed point, as TensorFlow Lite Micro does it (`--kernels tflm`); otherwise as
 * nn_fully_connected_s8.
 *
 * weights: [ceil(out / 4)][in][4], the last block filled up with zeros.
 * Order: rows forward; a row's four outputs are written after all its inputs were read for them.
 */
NN_HOT void nn_fully_connected_q31_s8(const nn_fc_q31_t *layer, const int8_t *input, int8_t *output) {
    for (uint32_t row = 0; row < layer->rows; row++) {
        const int8_t *weights = layer->weights;
        const nn_channel_t *channel = layer->channels;
        for (uint32_t left = layer->outputs; left != 0;) {
            const uint32_t block = left < 4 ? left : 4;
            nn_mac4_t acc = {{0, 0, 0, 0}};
            nn_mac4(&acc, input, weights, layer->inputs);
            weights += 4 * layer->inputs;
            output = nn_put4(&acc, block, channel, &layer->range, output);
            channel += block;
            left -= block;
        }
        input += layer->inputs;
    }
}
