#include "nn/nn_kernels.h"
#include "nn/nn_platform.h"
#include "nn/nn_scale.h"

/* The first tap k >= 0 of the window at `place` (output place plus what is cut off) that falls on an input element,
 * and that element: taps `stride` apart follow, each on the element before. */
static inline int32_t first_tap(int32_t place, int32_t stride, int32_t *element) {
    *element = place / stride;
    return place % stride;
}

/*
 * TRANSPOSE_CONV: every input value times the kernel, laid `stride` apart and added up; computed from the output's
 * side, so no scratch memory is needed.
 */
NN_HOT void nn_transpose_conv_s8(const nn_conv_wide_t *layer, const int8_t *input, int8_t *output) {
    const nn_window_wide_t window = layer->window;
    const nn_shape_wide_t size = layer->input;
    const int32_t taps = window.height * window.width * size.channels;

    for (int32_t oy = 0; oy < layer->output.height; oy++) {
        for (int32_t ox = 0; ox < layer->output.width; ox++) {
            const int8_t *weights = layer->weights;
            for (int32_t oc = 0; oc < layer->output.channels; oc++, weights += taps) {
                int32_t sum = 0, y, x;
                int32_t ky = first_tap(oy + window.pad_top, window.stride_y, &y);
                for (; ky < window.height; ky += window.stride_y, y--) {
                    int32_t kx = first_tap(ox + window.pad_left, window.stride_x, &x);
                    for (; kx < window.width; kx += window.stride_x, x--) {
                        if (y < 0 || y >= size.height || x < 0 || x >= size.width) {
                            continue;
                        }
                        const int8_t *value = input + (y * size.width + x) * size.channels;
                        const int8_t *weight = weights + (ky * window.width + kx) * size.channels;
                        for (int32_t ic = 0; ic < size.channels; ic++) {
                            sum += (value[ic] - layer->input_zero) * weight[ic];
                        }
                    }
                }
                *output++ = nn_requantize(sum, &layer->channels[oc], &layer->range);
            }
        }
    }
}
