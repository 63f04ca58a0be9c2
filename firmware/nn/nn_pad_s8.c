#include "nn/nn_kernels.h"
#include "nn/nn_platform.h"

/*
 * PAD of height and width with a constant.
 *
 * Order: output pixels forward; each is written after its input pixel was read.
 */
NN_HOT void nn_pad_s8(const nn_pad_t *layer, const int8_t *input, int8_t *output) {
    const int32_t bottom = layer->top + layer->input.height;
    const int32_t right = layer->left + layer->input.width;

    for (int32_t y = 0; y < layer->output.height; y++) {
        for (int32_t x = 0; x < layer->output.width; x++) {
            const int inside = y >= layer->top && y < bottom && x >= layer->left && x < right;
            for (uint32_t c = 0; c < layer->output.channels; c++) {
                *output++ = inside ? *input++ : layer->value;
            }
        }
    }
}
