#include "nn/nn_kernels.h"
#include "nn/nn_platform.h"
#include "nn/nn_scale.h"
#include "nn/nn_walk.h"

static inline int8_t rectify(const nn_binary_t *layer, int32_t a, int32_t b) {
    const int32_t value = a - layer->left_zero;
    const int32_t scaled =
        value >= 0 ? nn_scale(value, &layer->left) : nn_scale(value * (b - layer->right_zero), &layer->right);
    return nn_clamp(scaled, &layer->range);
}

/*
 * PRELU: negative values times alpha.
 *
 * Order: elements forward, each written after its inputs were read.
 */
NN_HOT void nn_prelu_s8(const nn_binary_t *layer, const int8_t *input, const int8_t *alpha, int8_t *output) {
    NN_FOR_EACH(layer, input, alpha, output, rectify(layer, a, b));
}
