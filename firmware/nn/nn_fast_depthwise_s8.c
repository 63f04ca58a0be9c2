#include "nn/nn_fast.h"
#include "nn/nn_fast_widen.h"
#include "nn/nn_platform.h"

#define CACHE_LINE 32

/* Row y of the input for `count` channels; `group_values` lie between the planes of one group of lanes and the next. */
static inline void fill_row(const nn_fast_depthwise_t *layer, const int8_t *input, int32_t y, uint32_t count,
                            int16_t *out, uint32_t group_values) {
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
 *
 * Scratch memory: [part / NN_LANES][input row][NN_LANES][pitch].
 */
NN_HOT void nn_fast_depthwise_s8(const nn_fast_depthwise_t *layer, const int8_t *input, int8_t *output) {
    const uint32_t lane_values = NN_LANES * layer->pitch;
    for (int32_t row = 0; row < layer->rows; row += layer->band) {
        const int32_t left = layer->rows - row;
        const int32_t rows = left < layer->band ? left : layer->band;
        const int32_t input_rows = (rows - 1) * layer->stride + layer->window;
        const uint32_t group_values = (uint32_t)input_rows * lane_values;
        const uint32_t pixels = (uint32_t)rows * layer->pixels;
        const uint32_t *constants = layer->constants;
        for (uint32_t first = 0; first < layer->computed; first += layer->part) {
            const uint32_t rest = layer->computed - first;
            const uint32_t count = rest < layer->part ? rest : layer->part;
            for (int32_t i = 0; i < input_rows; i++) {
                fill_row(layer, input + first, row * layer->stride - layer->pad + i, count,
                         layer->scratch + (uint32_t)i * lane_values, group_values);
            }
            touch_part(layer, output + first, pixels, count);
            for (uint32_t channel = 0; channel < count; channel++) {
                const int16_t *plane = layer->scratch + channel / NN_LANES * group_values;
                layer->convolve(plane + channel % NN_LANES * layer->pitch, constants,
                                output + first + channel, (uint32_t)rows);
                constants += layer->channel_words;
            }
        }
        output += pixels * layer->channels;
    }
}
