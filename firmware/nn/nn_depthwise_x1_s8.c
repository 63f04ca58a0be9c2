#include "nn/nn_kernels.h"
#include "nn/nn_mac4.h"
#include "nn/nn_platform.h"
#include "nn/nn_scale.h"

/* Where a pixel's window lies: its upper left corner, and whether all of it is inside the input. */
typedef struct place {
    int32_t y, x;
    int inside;
} place_t;

/* Four channels, window inside the input. */
static inline void sum_inside(nn_mac4_t *acc, const nn_conv_t *layer, const int8_t *input, place_t at,
                              const int8_t *w) {
    const uint32_t channels = layer->input.channels;
    const uint32_t row_step = layer->window.dilation_y * layer->input.width * channels;
    const uint32_t step = layer->window.dilation_x * channels;
    const int8_t *row = input + ((uint32_t)at.y * layer->input.width + (uint32_t)at.x) * channels;
    int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;

    for (uint32_t ky = layer->window.height; ky != 0; ky--, row += row_step) {
        const int8_t *value = row;
        for (uint32_t kx = layer->window.width; kx != 0; kx--, value += step, w += 4) {
            s0 += value[0] * w[0];
            s1 += value[1] * w[1];
            s2 += value[2] * w[2];
            s3 += value[3] * w[3];
        }
    }
    acc->sum[0] = s0, acc->sum[1] = s1, acc->sum[2] = s2, acc->sum[3] = s3;
}

/* `count` channels (1 or 4), any place of the window; what lies outside counts as the zero point. */
static inline void sum_border(nn_mac4_t *acc, const nn_conv_t *layer, const int8_t *input, place_t at,
                              const int8_t *w, uint32_t count) {
    const nn_window_t *window = &layer->window;
    for (uint32_t i = 0; i < 4; i++) {
        acc->sum[i] = 0;
    }
    int32_t y = at.y;
    for (uint32_t ky = 0; ky < window->height; ky++, y += window->dilation_y) {
        int32_t x = at.x;
        for (uint32_t kx = 0; kx < window->width; kx++, x += window->dilation_x, w += count) {
            const int inside = y >= 0 && y < layer->input.height && x >= 0 && x < layer->input.width;
            const int32_t pixel = inside ? y * layer->input.width + x : 0;
            const int8_t *value = input + pixel * layer->input.channels;
            for (uint32_t i = 0; i < count; i++) {
                acc->sum[i] += (inside ? value[i] : layer->input_zero) * w[i];
            }
        }
    }
}

/* All channels of one output pixel. */
static inline void pixel(const nn_conv_t *layer, const int8_t *input, place_t at, int8_t *output) {
    const uint32_t taps = (uint32_t)layer->window.height * layer->window.width;
    const nn_range_t range = layer->range;
    const nn_channel_t *channel = layer->channels;
    const int8_t *weights = layer->weights;
    nn_mac4_t acc;

    for (uint32_t block = layer->input.channels / 4u; block != 0; block--) {
        if (at.inside) {
            sum_inside(&acc, layer, input, at, weights);
        } else {
            sum_border(&acc, layer, input, at, weights, 4);
        }
        for (uint32_t i = 0; i < 4; i++) {
            *output++ = nn_requantize(acc.sum[i], channel++, &range);
        }
        input += 4;
        weights += 4 * taps;
    }
    for (uint32_t rest = layer->input.channels % 4u; rest != 0; rest--) {
        sum_border(&acc, layer, input, at, weights, 1);
        *output++ = nn_requantize(acc.sum[0], channel++, &range);
        input += 1;
        weights += taps;
    }
}

/*
 * DEPTHWISE_CONV_2D, one output channel an input channel; any kernel, stride, dilation and padding.
 *
 * weights: [channels / 4][kernel height][kernel width][4], then [kernel height][kernel width] for each channel left over.
 * Order: pixels forward; in a pixel, channel blocks forward, each written after its inputs were read.
 */
NN_HOT void nn_depthwise_x1_s8(const nn_conv_t *layer, const int8_t *input, int8_t *output) {
    const nn_window_t window = layer->window;
    const int32_t span_y = (window.height - 1) * window.dilation_y + 1;
    const int32_t span_x = (window.width - 1) * window.dilation_x + 1;

    for (int32_t oy = 0; oy < layer->output.height; oy++) {
        place_t at;
        at.y = oy * window.stride_y - window.pad_top;
        for (int32_t ox = 0; ox < layer->output.width; ox++) {
            at.x = ox * window.stride_x - window.pad_left;
            at.inside = at.y >= 0 && at.y + span_y <= layer->input.height && at.x >= 0 &&
                        at.x + span_x <= layer->input.width;
            pixel(layer, input, at, output);
            output += layer->output.channels;
        }
    }
}
