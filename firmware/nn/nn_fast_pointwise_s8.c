#include "nn/nn_fast.h"
#include "nn/nn_fast_widen.h"
#include "nn/nn_platform.h"

/*
 * Order: bands forward; all of a band is read before its output is written. The last band takes pixels too few for
 * one of their own; its last tile, where it is no multiple of tiles, begins earlier and computes some pixels twice.
 */
NN_HOT void nn_fast_pointwise_s8(const nn_fast_pointwise_t *layer, const int8_t *input, int8_t *output) {
    const uint32_t inputs = layer->inputs, outputs = layer->outputs;
    for (uint32_t left = layer->pixels; left != 0;) {
        const uint32_t count = left < layer->band + NN_TILE_PIXELS ? left : layer->band;
        const uint32_t tiles = count / NN_TILE_PIXELS;
        const uint32_t last = count - NN_TILE_PIXELS;
        const uint32_t *constants = layer->constants;
        nn_fast_widen(layer->widen, 1, input, layer->scratch, count * inputs);
        for (uint32_t channel = 0; channel < layer->computed; channel += NN_TILE_CHANNELS) {
            layer->tile(layer->scratch, constants, output + channel, tiles);
            if (count % NN_TILE_PIXELS != 0) {
                layer->tile(layer->scratch + last * inputs, constants, output + last * outputs + channel, 1);
            }
            constants += layer->pair_words;
        }
        input += count * inputs;
        output += count * outputs;
        left -= count;
    }
}
