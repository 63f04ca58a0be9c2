#include "nn/nn_kernels.h"
#include "nn/nn_platform.h"
#include "nn/nn_reciprocal.h"
#include "nn/nn_walk.h"

/* value / 2^shift to nearest; beyond 31 bits, where the reference's shift is not defined, what it gives on hosts. */
static inline int32_t shift_right(int32_t value, int32_t shift) {
    if (shift > 31) {
        return (value >> (shift & 31)) + (value >= 0 ? 1 : 0);
    }
    return nn_rounding_shift(value, shift);
}

/* a / b; by 0, where the reference stops, the value at the end of the range. Else a raised as far as it goes, times 1 / b in Q0.31, scaled once more. */
static inline int8_t divide(const nn_binary_t *layer, int32_t a, int32_t b) {
    int32_t dividend = a - layer->left_zero, divisor = b - layer->right_zero;
    if (divisor < 0) {
        dividend = -dividend;
        divisor = -divisor;
    }
    if (divisor == 0) {
        return (int8_t)(dividend < 0 ? layer->range.min : layer->range.max);
    }
    const int32_t zeros = nn_leading_zeros((uint32_t)divisor);
    const int32_t inverse = nn_reciprocal_of_one_plus((int32_t)(((uint32_t)divisor << zeros) - 0x80000000u));
    int32_t headroom = 31;
    if (dividend != 0) {
        const uint32_t magnitude = dividend < 0 ? 2u * (uint32_t)-dividend - 1u : (uint32_t)dividend;
        headroom = nn_leading_zeros(magnitude) - (dividend < 0 ? 0 : 1);
    }
    const int32_t quotient = nn_high_multiply((int32_t)((uint32_t)dividend << headroom), inverse);
    const int32_t scaled = nn_high_multiply(quotient, layer->output.multiplier);
    const int32_t shift = layer->output.right_shift - layer->output.left_shift + (31 - zeros) + headroom;
    return nn_clamp(shift_right(scaled, shift), &layer->range);
}

/*
 * DIV of two tensors, either of which may broadcast.
 *
 * Order: elements forward, each written after its inputs were read.
 */
NN_HOT void nn_div_s8(const nn_binary_t *layer, const int8_t *left, const int8_t *right, int8_t *output) {
    NN_FOR_EACH(layer, left, right, output, divide(layer, a, b));
}
