#include "nn/nn_kernels.h"
#include "nn/nn_platform.h"
#include "nn/nn_scale.h"

/*
 * AVERAGE_POOL_2D with dimensions beyond 16 bits; otherwise as nn_average_pool_s8.
 *
 * Order: pixels forward; in a pixel, channels forward, each written after its inputs were read.
 */
NN_HOT void nn_average_pool_wide_s8(const nn_pool_wide_t *layer, const int8_t *input, int8_t *output) {
    const nn_window_wide_t window = layer->window;
    const int32_t channels = layer->input.channels;
    const int32_t row_bytes = layer->input.width * channels;
    const nn_range_t range = {0, layer->range.min, layer->range.max};

    for (int32_t oy = 0; oy < layer->output.height; oy++) {
        const int32_t y = oy * window.stride_y - window.pad_top;
        const int32_t y_first = y < 0 ? 0 : y;
        const int32_t y_end =
            y + window.height < layer->input.height ? y + window.height : layer->input.height;
        for (int32_t ox = 0; ox < layer->output.width; ox++) {
            const int32_t x = ox * window.stride_x - window.pad_left;
            const int32_t x_first = x < 0 ? 0 : x;
            const int32_t x_end =
                x + window.width < layer->input.width ? x + window.width : layer->input.width;
            const int32_t count = (y_end - y_first) * (x_end - x_first);
            for (int32_t c = 0; c < channels; c++) {
                int32_t sum = 0;
                for (int32_t iy = y_first; iy < y_end; iy++) {
                    const int8_t *value = input + iy * row_bytes + x_first * channels + c;
                    for (int32_t ix = x_first; ix < x_end; ix++, value += channels) {
                        sum += *value;
                    }
                }
                sum += sum > 0 ? count / 2 : -(count / 2);
                *output++ = nn_clamp(sum / count, &range);
            }
        }
    }
}
