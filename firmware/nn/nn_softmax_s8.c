#include "nn/nn_kernels.h"
#include "nn/nn_platform.h"
#include "nn/nn_scale.h"

#define SUM_INTEGER_BITS 12 /* the sum of exponentials is Q12.19 */

static inline int32_t leading_zeros(uint32_t value) {
    int32_t zeros = 0;
    while ((value & 0x80000000u) == 0) {
        value <<= 1;
        zeros += 1;
    }
    return zeros;
}

/* 1 / (1 + x) in Q0.31 for x in Q0.31, 0 <= x < 1: Newton's iteration on the half denominator d = (1 + x) / 2,
 * started at 48/17 - 32/17 d, three steps, in Q2.29 as the reference does it. */
static inline int32_t reciprocal_of_one_plus(int32_t x) {
    const int32_t half = (int32_t)(((int64_t)x + INT32_MAX + 1) / 2);
    int32_t guess = 1515870810 + nn_high_multiply(half, -1010580540);
    for (int step = 0; step < 3; step++) {
        const int32_t error = (1 << 29) - nn_high_multiply(half, guess);
        guess += nn_high_multiply(guess, error) * 4;
    }
    return guess > INT32_MAX / 2 ? INT32_MAX : guess * 2;
}

/*
 * SOFTMAX over the channels.
 *
 * Order: rows forward; all of a row is read before its first output is written, and output i is written after input i
 * was read for the last time.
 */
NN_HOT void nn_softmax_s8(const nn_softmax_t *layer, const int8_t *input, int8_t *output) {
    const uint32_t classes = layer->classes;
    const nn_range_t range = {-128, -128, 127};

    for (uint32_t row = 0; row < layer->rows; row++, input += classes, output += classes) {
        int32_t largest = -128;
        for (uint32_t i = 0; i < classes; i++) {
            largest = input[i] > largest ? input[i] : largest;
        }
        int32_t sum = 0;
        for (uint32_t i = 0; i < classes; i++) {
            sum += nn_rounding_shift(layer->table[largest - input[i]], SUM_INTEGER_BITS);
        }
        const int32_t headroom = leading_zeros((uint32_t)sum);
        const int32_t fraction = (int32_t)(((uint32_t)sum << headroom) - 0x80000000u);
        const int32_t scale = reciprocal_of_one_plus(fraction);
        const int32_t shift = SUM_INTEGER_BITS - headroom + 31 - 8;
        for (uint32_t i = 0; i < classes; i++) {
            const int32_t product = nn_high_multiply(scale, layer->table[largest - input[i]]);
            output[i] = nn_clamp(nn_rounding_shift(product, shift), &range);
        }
    }
}
