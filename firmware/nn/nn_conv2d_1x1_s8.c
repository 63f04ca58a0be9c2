#include "nn/nn_kernels.h"
#include "nn/nn_mac4.h"
#include "nn/nn_platform.h"

/*
 * CONV_2D with a 1x1 kernel, stride 1, no padding.
 *
 * weights: [ceil(out / 4)][in][4], the last block filled up with zeros.
 * Order: pixels forward; a pixel's four outputs are written after all its inputs were read for them.
 */
NN_HOT void nn_conv2d_1x1_s8(const nn_conv_t *layer, const int8_t *input, int8_t *output) {
    const uint32_t inputs = layer->input.channels;
    const uint32_t outputs = layer->output.channels;
    const uint32_t pixels = (uint32_t)layer->output.height * layer->output.width;
    const nn_range_t range = layer->range;

    for (uint32_t pixel = 0; pixel < pixels; pixel++) {
        const int8_t *weights = layer->weights;
        const nn_channel_t *channel = layer->channels;
        for (uint32_t left = outputs; left != 0;) {
            const uint32_t block = left < 4 ? left : 4;
            nn_mac4_t acc = {{0, 0, 0, 0}};
            nn_mac4(&acc, input, weights, inputs);
            weights += 4 * inputs;
            output = nn_put4(&acc, block, channel, &range, output);
            channel += block;
            left -= block;
        }
        input += inputs;
    }
}
