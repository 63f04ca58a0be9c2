#include "nn/nn_kernels.h"
#include "nn/nn_mac4.h"
#include "nn/nn_platform.h"

/* Where the window of one output pixel lies: its upper left corner, and whether all of it is inside the input. */
typedef struct place {
    int32_t y, x;
    int inside;
} place_t;

#define ADD_FOUR(value, w)                                                                                   \
    do {                                                                                                     \
        s0 += (value)[0] * (w)[0];                                                                           \
        s1 += (value)[1] * (w)[1];                                                                           \
        s2 += (value)[2] * (w)[2];                                                                           \
        s3 += (value)[3] * (w)[3];                                                                           \
    } while (0)

/* Four channels, window inside the input; `corner` is its upper left value of the first of the channels. */
static inline void sum_inside(nn_mac4_t *acc, const nn_conv_t *layer, const int8_t *corner, const int8_t *w) {
    const uint32_t step = (uint32_t)layer->window.dilation_x * layer->input.channels;
    const uint32_t row_step = (uint32_t)layer->window.dilation_y * layer->input.width * layer->input.channels;
    int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;

    for (uint32_t ky = layer->window.height; ky != 0; ky--, corner += row_step) {
        const int8_t *value = corner;
        const int8_t *end = w + 4u * layer->window.width;
        for (; w != end; value += step, w += 4) {
            ADD_FOUR(value, w);
        }
    }
    acc->sum[0] = s0, acc->sum[1] = s1, acc->sum[2] = s2, acc->sum[3] = s3;
}

/* Four channels, any place of the window; `input` is the first of them in pixel (0, 0). */
static inline void sum_border(nn_mac4_t *acc, const nn_conv_t *layer, const int8_t *input, place_t at,
                              const int8_t *w) {
    const int8_t zero = (int8_t)layer->input_zero;
    const int8_t outside[4] = {zero, zero, zero, zero};
    const int32_t width = layer->input.width;
    const int32_t channels = layer->input.channels;
    int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;

    for (int32_t ky = layer->window.height; ky != 0; ky--, at.y += layer->window.dilation_y) {
        const int row_inside = at.y >= 0 && at.y < layer->input.height;
        const int8_t *row = row_inside ? input + at.y * width * channels : input;
        int32_t x = at.x;
        for (int32_t kx = layer->window.width; kx != 0; kx--, x += layer->window.dilation_x, w += 4) {
            const int8_t *value = row_inside && x >= 0 && x < width ? row + x * channels : outside;
            ADD_FOUR(value, w);
        }
    }
    acc->sum[0] = s0, acc->sum[1] = s1, acc->sum[2] = s2, acc->sum[3] = s3;
}

/* A single channel, any place of the window. */
static inline int32_t sum_single(const nn_conv_t *layer, const int8_t *input, place_t at, const int8_t *w) {
    const int32_t width = layer->input.width;
    int32_t sum = 0;

    for (int32_t ky = layer->window.height; ky != 0; ky--, at.y += layer->window.dilation_y) {
        const int row_inside = at.y >= 0 && at.y < layer->input.height;
        int32_t x = at.x;
        for (int32_t kx = layer->window.width; kx != 0; kx--, x += layer->window.dilation_x, w++) {
            const int inside = row_inside && x >= 0 && x < width;
            sum += (inside ? input[(at.y * width + x) * layer->input.channels] : layer->input_zero) * *w;
        }
    }
    return sum;
}

/*
 * DEPTHWISE_CONV_2D, one output channel an input channel; any kernel, stride, dilation and padding.
 *
 * weights: [channels / 4][kernel y][kernel x][4], then [kernel y][kernel x] for each channel left over.
 * Order: pixels forward; in a pixel, channel blocks forward, each written after its inputs were read.
 */
NN_HOT void nn_depthwise_x1_s8(const nn_conv_t *layer, const int8_t *input, int8_t *output) {
    const nn_window_t window = layer->window;
    const nn_range_t range = layer->range;
    const int32_t channels = layer->input.channels;
    const int32_t width = layer->input.width;
    const int32_t last_y = layer->input.height - ((window.height - 1) * window.dilation_y + 1);
    const int32_t last_x = width - ((window.width - 1) * window.dilation_x + 1);
    const int32_t taps = window.height * window.width;

    for (int32_t oy = 0; oy < layer->output.height; oy++) {
        for (int32_t ox = 0; ox < layer->output.width; ox++) {
            place_t at = {oy * window.stride_y - window.pad_top, ox * window.stride_x - window.pad_left, 0};
            at.inside = at.y >= 0 && at.y <= last_y && at.x >= 0 && at.x <= last_x;
            const int32_t corner = (at.y * width + at.x) * channels;
            const nn_channel_t *channel = layer->channels;
            const int8_t *weights = layer->weights;
            int32_t c = 0;
            for (; c + 4 <= channels; c += 4) {
                nn_mac4_t acc;
                if (at.inside) {
                    sum_inside(&acc, layer, input + corner + c, weights);
                } else {
                    sum_border(&acc, layer, input + c, at, weights);
                }
                output = nn_put4(&acc, 4, channel, &range, output);
                channel += 4;
                weights += 4 * taps;
            }
            for (; c < channels; c++) {
                *output++ = nn_requantize(sum_single(layer, input + c, at, weights), channel++, &range);
                weights += taps;
            }
        }
    }
}
