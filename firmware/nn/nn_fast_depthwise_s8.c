#include "nn/nn_fast.h"
#include "nn/nn_platform.h"

static inline int32_t smaller(int32_t a, int32_t b) {
    return a < b ? a : b;
}

/* Input rows `first` and following, `count` of them and some outside the input, for the lanes from `input` on. */
static inline void fill(const nn_fast_depthwise_t *layer, const int8_t *input, int32_t first, int32_t count,
                        int16_t *out) {
    const uint32_t lane_values = NN_LANES * layer->pitch;
    for (int32_t y = first; y < first + count; y++, out += lane_values) {
        if (y >= 0 && y < layer->height) {
            layer->planes(input + (uint32_t)y * layer->row_bytes, out, layer->padding);
        } else {
            for (uint32_t i = 0; i < lane_values; i++) {
                out[i] = (int16_t)layer->padding;
            }
        }
    }
}

/*
 * Order: bands of rows forward; all of a band's input is read before its output is written.
 *
 * Scratch memory: [channels / NN_LANES][input row][NN_LANES][pitch].
 */
NN_HOT void nn_fast_depthwise_s8(const nn_fast_depthwise_t *layer, const int8_t *input, int8_t *output) {
    const uint32_t lane_values = NN_LANES * layer->pitch;
    for (int32_t row = 0; row < layer->rows; row += layer->band) {
        const int32_t rows = smaller(layer->band, layer->rows - row);
        const int32_t input_rows = (rows - 1) * layer->stride + layer->window;
        const uint32_t group_values = (uint32_t)input_rows * lane_values;
        const uint32_t *constants = layer->constants;
        int16_t *group = layer->scratch;
        for (uint32_t channel = 0; channel < layer->channels; channel += NN_LANES) {
            fill(layer, input + channel, row * layer->stride - layer->pad, input_rows, group);
            group += group_values;
        }
        group = layer->scratch;
        for (uint32_t channel = 0; channel < layer->channels; channel += NN_LANES) {
            for (uint32_t lane = 0; lane < NN_LANES; lane++) {
                layer->convolve(group + lane * layer->pitch, constants, output + channel + lane,
                                (uint32_t)rows);
                constants += layer->channel_words;
            }
            group += group_values;
        }
        output += (uint32_t)rows * layer->output_row_bytes;
    }
}
