#include "nn/nn_kernels.h"
#include "nn/nn_platform.h"
#include "nn/nn_scale.h"

#define OUTPUT_BITS 7 /* the output's scale is 1 / 128 */

/* Saturating value * 2^shift. */
static inline int32_t saturating_left(int32_t value, int32_t shift) {
    const int64_t wide = (int64_t)value * (1 << shift);
    return wide > INT32_MAX ? INT32_MAX : wide < INT32_MIN ? INT32_MIN : (int32_t)wide;
}

/* 1 / sqrt(value) as a multiplier and the right shift that goes with it; 0 counts as 1. Newton's method in Q3.28, five
 * steps from 1, as the reference has it. */
static inline nn_channel_t inverse_root(int32_t value) {
    nn_channel_t result = {0, INT32_MAX, 0, 0};
    if (value <= 1) {
        return result;
    }
    int32_t shift = 11;
    for (; value >= 1 << 29; shift++) {
        value /= 4;
    }
    for (; value < 1 << 27; shift--) {
        value *= 4;
    }
    const int32_t half_three = (1 << 28) + (1 << 27);
    const int32_t half = nn_rounding_shift(value >> 1, 1);
    int32_t x = 1 << 28;
    for (int step = 0; step < 5; step++) {
        const int32_t cube = saturating_left(nn_high_multiply(nn_high_multiply(x, x), x), 6);
        x = saturating_left(nn_high_multiply(half_three, x) - nn_high_multiply(half, cube), 3);
    }
    x = nn_high_multiply(x, 1518500250); /* half the root of two in Q0.31 */
    if (shift < 0) {
        x *= 1 << -shift;
        shift = 0;
    }
    result.multiplier = x;
    result.right_shift = (int16_t)shift;
    return result;
}

/*
 * L2_NORMALIZATION of every row.
 *
 * Order: rows forward; all of a row is read before its first output is written, and output i is written after input i
 * was read for the last time.
 */
NN_HOT void nn_l2_normalize_s8(const nn_l2_t *layer, const int8_t *input, int8_t *output) {
    const nn_range_t range = {0, -128, 127};

    for (uint32_t row = 0; row < layer->rows; row++, input += layer->depth, output += layer->depth) {
        int32_t sum = 0;
        for (uint32_t i = 0; i < layer->depth; i++) {
            const int32_t value = input[i] - layer->input_zero;
            sum += value * value;
        }
        nn_channel_t scale = inverse_root(sum);
        const int32_t shift = OUTPUT_BITS - scale.right_shift;
        scale.left_shift = (int16_t)(shift > 0 ? shift : 0);
        scale.right_shift = (int16_t)(shift > 0 ? 0 : -shift);
        for (uint32_t i = 0; i < layer->depth; i++) {
            output[i] = nn_clamp(nn_scale(input[i] - layer->input_zero, &scale), &range);
        }
    }
}
