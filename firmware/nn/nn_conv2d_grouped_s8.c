#include "nn/nn_kernels.h"
#include "nn/nn_platform.h"
#include "nn/nn_scale.h"

/*
 * CONV_2D in groups, and any convolution with dimensions beyond 16 bits: the plain form, one sum at a time.
 *
 * The input's zero point is in the bias for every tap, so taps outside the input count as `input_zero`.
 */
NN_HOT void nn_conv2d_grouped_s8(const nn_conv_wide_t *layer, const int8_t *input, int8_t *output) {
    const nn_window_wide_t window = layer->window;
    const nn_shape_wide_t size = layer->input;
    const int32_t depth = size.channels / layer->groups;
    const int32_t share = layer->output.channels / layer->groups;

    for (int32_t oy = 0; oy < layer->output.height; oy++) {
        for (int32_t ox = 0; ox < layer->output.width; ox++) {
            const int8_t *weight = layer->weights;
            for (int32_t oc = 0; oc < layer->output.channels; oc++) {
                const int8_t *group = input + oc / share * depth;
                int32_t sum = 0;
                for (int32_t ky = 0; ky < window.height; ky++) {
                    const int32_t y = oy * window.stride_y - window.pad_top + ky * window.dilation_y;
                    for (int32_t kx = 0; kx < window.width; kx++) {
                        const int32_t x = ox * window.stride_x - window.pad_left + kx * window.dilation_x;
                        const int inside = y >= 0 && y < size.height && x >= 0 && x < size.width;
                        const int8_t *value = inside ? group + (y * size.width + x) * size.channels : group;
                        for (int32_t ic = 0; ic < depth; ic++) {
                            sum += (inside ? value[ic] : layer->input_zero) * *weight++;
                        }
                    }
                }
                *output++ = nn_requantize(sum, &layer->channels[oc], &layer->range);
            }
        }
    }
}
