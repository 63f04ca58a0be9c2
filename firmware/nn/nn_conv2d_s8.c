#include "nn/nn_kernels.h"
#include "nn/nn_mac4.h"
#include "nn/nn_platform.h"

/* One row of the window for four output channels; x is the input column of the window's left edge. */
static inline void add_row(nn_mac4_t *acc, const nn_conv_t *layer, const int8_t *row, int32_t x,
                           const int8_t *weights) {
    const int32_t width = layer->input.width;
    const int32_t columns = layer->window.width;
    const int32_t step = layer->window.dilation_x;
    const uint32_t channels = layer->input.channels;

    if (step == 1 && x >= 0 && x + columns <= width) {
        nn_mac4(acc, row + (uint32_t)x * channels, weights, (uint32_t)columns * channels);
        return;
    }
    for (int32_t column = 0; column < columns; column++, x += step, weights += 4 * channels) {
        if (x >= 0 && x < width) {
            nn_mac4(acc, row + (uint32_t)x * channels, weights, channels);
        } else {
            nn_mac4_outside(acc, layer->input_zero, weights, channels);
        }
    }
}

/*
 * CONV_2D of any kernel, stride, dilation and padding.
 *
 * weights: [ceil(out / 4)][kernel height][kernel width][in][4], the last block filled up with zeros.
 * Order: pixels forward; a pixel's four outputs are written after all its inputs were read for them.
 */
NN_HOT void nn_conv2d_s8(const nn_conv_t *layer, const int8_t *input, int8_t *output) {
    const nn_window_t window = layer->window;
    const nn_range_t range = layer->range;
    const uint32_t row_bytes = (uint32_t)layer->input.width * layer->input.channels;
    const uint32_t row_values = (uint32_t)window.width * layer->input.channels;

    for (int32_t oy = 0; oy < layer->output.height; oy++) {
        for (int32_t ox = 0; ox < layer->output.width; ox++) {
            const int32_t x = ox * window.stride_x - window.pad_left;
            const int8_t *weights = layer->weights;
            const nn_channel_t *channel = layer->channels;
            for (uint32_t left = layer->output.channels; left != 0;) {
                const uint32_t block = left < 4 ? left : 4;
                nn_mac4_t acc = {{0, 0, 0, 0}};
                int32_t y = oy * window.stride_y - window.pad_top;
                for (uint32_t ky = 0; ky < window.height; ky++, y += window.dilation_y) {
                    if (y >= 0 && y < layer->input.height) {
                        add_row(&acc, layer, input + (uint32_t)y * row_bytes, x, weights);
                    } else {
                        nn_mac4_outside(&acc, layer->input_zero, weights, row_values);
                    }
                    weights += 4 * row_values;
                }
                output = nn_put4(&acc, block, channel, &range, output);
                channel += block;
                left -= block;
            }
        }
    }
}
