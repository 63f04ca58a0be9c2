/* A band of rows of a depthwise convolution, channel by channel, for the drivers that need one. */
#ifndef NN_FAST_ROWS_H
#define NN_FAST_ROWS_H

#include "nn/nn_fast.h"
#include "nn/nn_fast_widen.h"

/* Row y of the input for `count` channels; `group_values` lie between the planes of one group of lanes and the next. */
static inline void nn_fast_fill_planes(const nn_fast_depthwise_t *layer, const int8_t *input, int32_t y,
                                       uint32_t count, int16_t *out, uint32_t group_values) {
    const int inside = y >= 0 && y < layer->height;
    const int8_t *row = inside ? input + (uint32_t)y * layer->row_bytes : input;
    for (uint32_t channel = 0; channel < count; channel += NN_LANES, out += group_values) {
        if (inside) {
            layer->planes(row + channel, out, layer->padding);
        } else {
            nn_fast_fill(out, (int16_t)layer->padding, NN_LANES * layer->pitch);
        }
    }
}

/*
 * `count` channels from `first` on of `rows` output rows from `row` on; `item` bytes from a channel's output to the
 * next one's, of which the first channel's first is at `output`. All of the input is read before anything is written.
 *
 * Scratch memory: [count / NN_LANES][input row][NN_LANES][pitch].
 */
static inline void nn_fast_rows(const nn_fast_depthwise_t *layer, const int8_t *input, int32_t row,
                                int32_t rows, uint32_t first, uint32_t count, int8_t *output, uint32_t item) {
    const uint32_t lane_values = NN_LANES * layer->pitch;
    const int32_t input_rows = (rows - 1) * layer->stride + layer->window;
    const uint32_t group_values = (uint32_t)input_rows * lane_values;
    const uint32_t *constants = layer->constants + first * layer->channel_words;
    for (int32_t i = 0; i < input_rows; i++) {
        nn_fast_fill_planes(layer, input + first, row * layer->stride - layer->pad + i, count,
                            layer->scratch + (uint32_t)i * lane_values, group_values);
    }
    for (uint32_t channel = 0; channel < count; channel++) {
        const int16_t *plane = layer->scratch + channel / NN_LANES * group_values;
        layer->convolve(plane + channel % NN_LANES * layer->pitch, constants, output + item * channel,
                        (uint32_t)rows);
        constants += layer->channel_words;
    }
}

#endif
