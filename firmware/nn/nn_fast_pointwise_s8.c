#include "nn/nn_fast.h"
#include "nn/nn_fast_widen.h"
#include "nn/nn_platform.h"

/* `count` pixels, at least a tile of them, into scratch memory; where the last tile of those found there begins. */
static inline const int16_t *widen_band(const nn_fast_pointwise_t *layer, const int8_t *input,
                                        uint32_t count) {
    const uint32_t inputs = layer->inputs, tiles = count / NN_TILE_PIXELS;
    const uint32_t last = (count - NN_TILE_PIXELS) * inputs;
    if (!layer->interleaved) {
        nn_fast_widen(layer->widen, layer->split, input, layer->scratch, count * inputs);
        return layer->scratch + last;
    }
    int16_t *rest = layer->scratch + tiles * NN_TILE_PIXELS * inputs;
    layer->widen(input, layer->scratch, tiles);
    if (count % NN_TILE_PIXELS != 0) {
        layer->widen(input + last, rest, 1);
    }
    return rest;
}

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
        const int16_t *rest = widen_band(layer, input, count);
        for (uint32_t channel = 0; channel < layer->computed; channel += NN_TILE_CHANNELS) {
            int8_t *out = output + nn_fast_pair(channel, outputs);
            layer->tile(layer->scratch, constants, out, tiles);
            if (count % NN_TILE_PIXELS != 0) {
                layer->tile(rest, constants, out + last * outputs, 1);
            }
            constants += layer->pair_words;
        }
        input += count * inputs;
        output += count * outputs;
        left -= count;
    }
}
