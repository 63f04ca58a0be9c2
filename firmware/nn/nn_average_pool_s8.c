#include "nn/nn_kernels.h"
#include "nn/nn_platform.h"
#include "nn/nn_scale.h"

#define LANES 4 /* channels at a time: a row of pixels is gone through once for all of them */

/* The rows and columns of a window that lie inside the input. */
typedef struct part {
    int32_t y_first, y_end, x_first, x_end;
} part_t;

static inline int8_t mean(int32_t sum, int32_t count, const nn_range_t *range) {
    sum += sum > 0 ? count / 2 : -(count / 2);
    return nn_clamp(sum / count, range);
}

/* LANES neighbouring channels, from `input` on, of the pixels in `part`. */
static inline void pool_lanes(const int8_t *input, const part_t *part, int32_t row_bytes, int32_t channels,
                              int32_t count, const nn_range_t *range, int8_t *output) {
    int32_t first = 0, second = 0, third = 0, fourth = 0;
    for (int32_t y = part->y_first; y < part->y_end; y++) {
        const int8_t *value = input + y * row_bytes + part->x_first * channels;
        for (int32_t x = part->x_first; x < part->x_end; x++, value += channels) {
            first += value[0];
            second += value[1];
            third += value[2];
            fourth += value[3];
        }
    }
    output[0] = mean(first, count, range);
    output[1] = mean(second, count, range);
    output[2] = mean(third, count, range);
    output[3] = mean(fourth, count, range);
}

/* One channel. */
static inline int8_t pool_one(const int8_t *input, const part_t *part, int32_t row_bytes, int32_t channels,
                              int32_t count, const nn_range_t *range) {
    int32_t sum = 0;
    for (int32_t y = part->y_first; y < part->y_end; y++) {
        const int8_t *value = input + y * row_bytes + part->x_first * channels;
        for (int32_t x = part->x_first; x < part->x_end; x++, value += channels) {
            sum += *value;
        }
    }
    return mean(sum, count, range);
}

/*
 * AVERAGE_POOL_2D: mean of the window's part inside the input, ties away from zero; input and output share their scale.
 *
 * Order: pixels forward; in a pixel, channels forward, four of them written after their inputs were read.
 */
NN_HOT void nn_average_pool_s8(const nn_pool_t *layer, const int8_t *input, int8_t *output) {
    const nn_window_t window = layer->window;
    const int32_t channels = layer->input.channels;
    const int32_t row_bytes = layer->input.width * channels;
    const nn_range_t range = {0, layer->range.min, layer->range.max};

    for (int32_t oy = 0; oy < layer->output.height; oy++) {
        const int32_t y = oy * window.stride_y - window.pad_top;
        for (int32_t ox = 0; ox < layer->output.width; ox++) {
            const int32_t x = ox * window.stride_x - window.pad_left;
            const int32_t y_end = y + window.height, x_end = x + window.width;
            const part_t part = {y < 0 ? 0 : y, y_end < layer->input.height ? y_end : layer->input.height,
                                 x < 0 ? 0 : x, x_end < layer->input.width ? x_end : layer->input.width};
            const int32_t count = (part.y_end - part.y_first) * (part.x_end - part.x_first);
            int32_t c = 0;
            for (; c + LANES <= channels; c += LANES, output += LANES) {
                pool_lanes(input + c, &part, row_bytes, channels, count, &range, output);
            }
            for (; c < channels; c++, output++) {
                *output = pool_one(input + c, &part, row_bytes, channels, count, &range);
            }
        }
    }
}
