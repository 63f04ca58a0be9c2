#include "nn/nn_kernels.h"
#include "nn/nn_platform.h"
#include "nn/nn_scale.h"

/* The sum of one output channel; `input` points at its input channel in pixel (0, 0). */
static inline int32_t window_sum(const nn_conv_t *layer, const int8_t *input, int32_t y, int32_t left,
                                 const int8_t *w) {
    const nn_window_t *window = &layer->window;
    int32_t sum = 0;
    for (uint32_t ky = 0; ky < window->height; ky++, y += window->dilation_y) {
        const int row_inside = y >= 0 && y < layer->input.height;
        const int8_t *row = input + (row_inside ? y : 0) * layer->input.width * layer->input.channels;
        int32_t x = left;
        for (uint32_t kx = 0; kx < window->width; kx++, x += window->dilation_x) {
            const int inside = row_inside && x >= 0 && x < layer->input.width;
            sum += (inside ? row[x * layer->input.channels] : layer->input_zero) * *w++;
        }
    }
    return sum;
}

/*
 * DEPTHWISE_CONV_2D with several output channels an input channel.
 *
 * weights: [out][kernel height][kernel width].
 * Order: pixels forward; in a pixel, output channels forward, each written after its inputs were read.
 */
NN_HOT void nn_depthwise_s8(const nn_conv_t *layer, const int8_t *input, int8_t *output) {
    const nn_window_t window = layer->window;
    const uint32_t taps = (uint32_t)window.height * window.width;
    const uint32_t multiplier = layer->output.channels / layer->input.channels;

    for (int32_t oy = 0; oy < layer->output.height; oy++) {
        for (int32_t ox = 0; ox < layer->output.width; ox++) {
            const int32_t y = oy * window.stride_y - window.pad_top;
            const int32_t x = ox * window.stride_x - window.pad_left;
            const int8_t *weights = layer->weights;
            const nn_channel_t *channel = layer->channels;
            for (uint32_t ic = 0; ic < layer->input.channels; ic++) {
                for (uint32_t i = 0; i < multiplier; i++, weights += taps) {
                    int32_t sum = window_sum(layer, input + ic, y, x, weights);
                    *output++ = nn_requantize(sum, channel++, &layer->range);
                }
            }
        }
    }
}
