/* Division in fixed point, bit for bit as LiteRT's reference kernels do it. */
#ifndef NN_RECIPROCAL_H
#define NN_RECIPROCAL_H

#include "nn/nn_scale.h"

/* Zeros above the highest bit set; value is not 0. */
static inline int32_t nn_leading_zeros(uint32_t value) {
    int32_t zeros = 0;
    while ((value & 0x80000000u) == 0) {
        value <<= 1;
        zeros += 1;
    }
    return zeros;
}

/* 1 / (1 + x) in Q0.31 for x in Q0.31, 0 <= x < 1: Newton's iteration on the half denominator d = (1 + x) / 2,
 * started at 48/17 - 32/17 d, three steps, in Q2.29 as the reference does it. */
static inline int32_t nn_reciprocal_of_one_plus(int32_t x) {
    const int32_t half = (int32_t)(((int64_t)x + INT32_MAX + 1) / 2);
    int32_t guess = 1515870810 + nn_high_multiply(half, -1010580540);
    for (int step = 0; step < 3; step++) {
        const int32_t error = (1 << 29) - nn_high_multiply(half, guess);
        guess += nn_high_multiply(guess, error) * 4;
    }
    return guess > INT32_MAX / 2 ? INT32_MAX : guess * 2;
}

#endif
