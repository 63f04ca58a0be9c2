#include "nn/nn_fast.h"
#include "nn/nn_fast_widen.h"
#include "nn/nn_platform.h"

/* One padded row; y may lie outside the input. The second copy is shifted down by one value. */
static inline void fill_row(const nn_fast_conv_t *layer, const int8_t *input, int32_t y, int16_t *out) {
    for (uint32_t copy = 0; copy < layer->copies; copy++, out += layer->pitch) {
        const uint32_t left = layer->pad_values, inside = layer->row_values;
        if (y < 0 || y >= layer->height) {
            nn_fast_fill(out, layer->padding, layer->pitch);
        } else {
            int16_t *row = out + left;
            const int8_t *values = input + (uint32_t)y * inside;
            uint32_t count = inside;
            if (copy != 0) { /* what would lie before the row is never read */
                if (left != 0) {
                    row--;
                } else {
                    values++;
                    count--;
                }
            }
            nn_fast_fill(out, layer->padding, (uint32_t)(row - out));
            nn_fast_widen(layer->widen, layer->split, values, row, count);
            row += count;
            nn_fast_fill(row, layer->padding, (uint32_t)(out + layer->pitch - row));
        }
    }
}

/*
 * Order: bands of rows forward; all of a band's input is read before its output is written. The last tile of a row
 * that is no multiple of tiles begins earlier and computes some pixels twice.
 *
 * Scratch memory: [input row][copy][pitch].
 */
NN_HOT void nn_fast_conv_s8(const nn_fast_conv_t *layer, const int8_t *input, int8_t *output) {
    const uint32_t row_values = layer->pitch * layer->copies;
    const uint32_t tiles = layer->pixels / NN_TILE_PIXELS;
    const uint32_t last = layer->pixels - NN_TILE_PIXELS;
    for (int32_t row = 0; row < layer->rows; row += layer->band) {
        const int32_t left = layer->rows - row;
        const int32_t rows = left < layer->band ? left : layer->band;
        const int32_t input_rows = (rows - 1) * layer->stride + layer->extent;
        const uint32_t *constants = layer->constants;
        for (int32_t i = 0; i < input_rows; i++) {
            fill_row(layer, input, row * layer->stride - layer->pad + i,
                     layer->scratch + (uint32_t)i * row_values);
        }
        for (uint32_t channel = 0; channel < layer->computed; channel += NN_TILE_CHANNELS) {
            const int16_t *window = layer->scratch;
            int8_t *out = output + nn_fast_pair(channel, layer->outputs);
            for (int32_t i = 0; i < rows; i++) {
                layer->tile(window, constants, out, tiles);
                if (layer->pixels % NN_TILE_PIXELS != 0) {
                    layer->tile(window + last * layer->pixel_values, constants, out + last * layer->outputs,
                                1);
                }
                window += (uint32_t)layer->stride * row_values;
                out += layer->pixels * layer->outputs;
            }
            constants += layer->pair_words;
        }
        output += (uint32_t)rows * layer->pixels * layer->outputs;
    }
}
