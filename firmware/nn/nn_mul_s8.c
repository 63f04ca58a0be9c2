#include "nn/nn_kernels.h"
#include "nn/nn_platform.h"
#include "nn/nn_scale.h"
#include "nn/nn_walk.h"

static inline int8_t multiply(const nn_binary_t *layer, int32_t a, int32_t b) {
    const int32_t product = (a - layer->left_zero) * (b - layer->right_zero);
    return nn_clamp(nn_scale(product, &layer->output), &layer->range);
}

/*
 * MUL: the product of the two real values.
 *
 * Order: elements forward, each written after its inputs were read.
 */
NN_HOT void nn_mul_s8(const nn_binary_t *layer, const int8_t *left, const int8_t *right, int8_t *output) {
    NN_FOR_EACH(layer, left, right, output, multiply(layer, a, b));
}
