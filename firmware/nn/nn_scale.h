/* Fixed-point scaling, bit for bit that of LiteRT's reference kernels (two roundings, see quantize.py). */
#ifndef NN_SCALE_H
#define NN_SCALE_H

#include "nn/nn_types.h"

/* a * b / 2^31 to nearest, ties up; not for a == b == INT32_MIN. */
static inline int32_t nn_high_multiply(int32_t a, int32_t b) {
    return (int32_t)(((int64_t)a * b + (1LL << 30)) >> 31);
}

/* value / 2^shift to nearest, ties away from zero; shift 0..31. No sum here can overflow for any int32 value
 * nn_high_multiply() returns: halving comes last. */
static inline int32_t nn_rounding_shift(int32_t value, int32_t shift) {
    if (shift == 0) {
        return value;
    }
    return (((value + (value >> 31)) >> (shift - 1)) + 1) >> 1;
}

/* value * multiplier / 2^31 * 2^left_shift / 2^right_shift. */
static inline int32_t nn_scale(int32_t value, const nn_channel_t *scale) {
    int32_t shifted = (int32_t)((uint32_t)value << scale->left_shift);
    return nn_rounding_shift(nn_high_multiply(shifted, scale->multiplier), scale->right_shift);
}

static inline int8_t nn_clamp(int32_t value, const nn_range_t *range) {
    value += range->zero;
    value = value < range->min ? range->min : value;
    value = value > range->max ? range->max : value;
    return (int8_t)value;
}

/* A sum of products to an output value: bias, scaling, zero point, clamp. Wraps where the reference wraps. */
static inline int8_t nn_requantize(int32_t sum, const nn_channel_t *channel, const nn_range_t *range) {
    sum = (int32_t)((uint32_t)sum + (uint32_t)channel->bias);
    return nn_clamp(nn_scale(sum, channel), range);
}

#endif
