#include "nn/nn_kernels.h"
#include "nn/nn_platform.h"
#include "nn/nn_scale.h"
#include "nn/nn_walk.h"

/* Bits both inputs are raised by before they are scaled to a common scale: the reference's precision. */
#define HEADROOM 20

static inline int8_t subtract(const nn_binary_t *layer, int32_t a, int32_t b) {
    const int32_t left = nn_scale((a - layer->left_zero) * (1 << HEADROOM), &layer->left);
    const int32_t right = nn_scale((b - layer->right_zero) * (1 << HEADROOM), &layer->right);
    return nn_clamp(nn_scale(left - right, &layer->output), &layer->range);
}

/*
 * SUB, a - b.
 *
 * Order: elements forward, each written after its inputs were read.
 */
NN_HOT void nn_sub_s8(const nn_binary_t *layer, const int8_t *left, const int8_t *right, int8_t *output) {
    NN_FOR_EACH(layer, left, right, output, subtract(layer, a, b));
}
