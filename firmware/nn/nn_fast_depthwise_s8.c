#include "nn/nn_fast.h"
#include "nn/nn_fast_rows.h"
#include "nn/nn_platform.h"

#define CACHE_LINE 32

/* Single bytes go to lines the data cache holds; only a load brings one in for certain. */
static inline void touch(const int8_t *output, uint32_t count) {
    for (uint32_t i = 0; i < count; i += CACHE_LINE) {
        (void)*(const volatile int8_t *)(output + i);
    }
}

/* The lines of `count` channels of `pixels` pixels. */
static inline void touch_part(const nn_fast_depthwise_t *layer, const int8_t *output, uint32_t pixels,
                              uint32_t count) {
    if (layer->part >= layer->channels) {
        touch(output, pixels * layer->channels);
        return;
    }
    for (uint32_t pixel = 0; pixel < pixels; pixel++, output += layer->channels) {
        touch(output, count);
    }
}

/*
 * Order: bands of rows forward; of a band, parts of the channels; all of a part's input is read before its output is
 * written.
 */
NN_HOT void nn_fast_depthwise_s8(const nn_fast_depthwise_t *layer, const int8_t *input, int8_t *output) {
    for (int32_t row = 0; row < layer->rows; row += layer->band) {
        const int32_t left = layer->rows - row;
        const int32_t rows = left < layer->band ? left : layer->band;
        const uint32_t pixels = (uint32_t)rows * layer->pixels;
        for (uint32_t first = 0; first < layer->computed; first += layer->part) {
            const uint32_t rest = layer->computed - first;
            const uint32_t count = rest < layer->part ? rest : layer->part;
            touch_part(layer, output + first, pixels, count);
            nn_fast_rows(layer, input, row, rows, first, count, output + first, 1);
        }
        output += pixels * layer->channels;
    }
}
