#include "nn/nn_kernels.h"
#include "nn/nn_platform.h"
#include "nn/nn_scale.h"

/* Bits both inputs are raised by before they are scaled to a common scale: the reference's precision. */
#define ADD_HEADROOM 20

/*
 * ADD of two tensors of one shape.
 *
 * Order: elements forward, each written after its inputs were read.
 */
NN_HOT void nn_add_s8(const nn_add_t *layer, const int8_t *left, const int8_t *right, int8_t *output) {
    for (uint32_t i = 0; i < layer->size; i++) {
        const int32_t a = (left[i] - layer->left_zero) * (1 << ADD_HEADROOM);
        const int32_t b = (right[i] - layer->right_zero) * (1 << ADD_HEADROOM);
        const int32_t sum = nn_scale(a, &layer->left) + nn_scale(b, &layer->right);
        output[i] = nn_clamp(nn_scale(sum, &layer->sum), &layer->range);
    }
}
