#include "nn/nn_fast.h"
#include "nn/nn_fast_rows.h"
#include "nn/nn_platform.h"

/*
 * Order: bands of rows forward; all of a band's input is read before its output is written. The last tile of a band
 * that is no multiple of tiles begins earlier and computes some pixels twice.
 *
 * Scratch memory: planes as in nn_fast_rows.h, then [pixel of the band][between].
 */
NN_HOT void nn_fast_separable_s8(const nn_fast_separable_t *layer, const int8_t *input, int8_t *output) {
    const nn_fast_depthwise_t *depthwise = &layer->depthwise;
    int16_t *between = depthwise->scratch + layer->between_at;
    for (int32_t row = 0; row < depthwise->rows; row += depthwise->band) {
        const int32_t left = depthwise->rows - row;
        const int32_t rows = left < depthwise->band ? left : depthwise->band;
        const uint32_t pixels = (uint32_t)rows * depthwise->pixels;
        const uint32_t last = pixels - NN_TILE_PIXELS;
        const uint32_t *constants = layer->constants;
        for (uint32_t first = 0; first < depthwise->computed; first += depthwise->part) {
            const uint32_t rest = depthwise->computed - first;
            const uint32_t count = rest < depthwise->part ? rest : depthwise->part;
            nn_fast_rows(depthwise, input, row, rows, first, count, (int8_t *)(between + first),
                         sizeof *between);
        }
        for (uint32_t channel = 0; channel < layer->computed; channel += NN_TILE_CHANNELS) {
            int8_t *out = output + nn_fast_pair(channel, layer->outputs);
            layer->tile(between, constants, out, pixels / NN_TILE_PIXELS);
            if (pixels % NN_TILE_PIXELS != 0) {
                layer->tile(between + last * layer->between, constants, out + last * layer->outputs, 1);
            }
            constants += layer->pair_words;
        }
        output += pixels * layer->outputs;
    }
}
