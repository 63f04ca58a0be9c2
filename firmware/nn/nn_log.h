/* The natural logarithm in fixed point, bit for bit as LiteRT's reference kernels take it. */
#ifndef NN_LOG_H
#define NN_LOG_H

#include "nn/nn_reciprocal.h"

#define NN_ROOT_HALF        1518500250 /* Q0.31 */
#define NN_FOURTH_ROOT_HALF 1805811301
#define NN_LOG_2            1488522236

static inline int32_t nn_saturating_left(int32_t value, int32_t shift) {
    const int64_t shifted = (int64_t)value << shift;
    return shifted > INT32_MAX ? INT32_MAX : (int32_t)shifted;
}

/*
 * ln(x) in Q5.26 for x in Q12.19, 1 <= x.
 *
 * x is 2^n m with m around 1, chosen from two candidates half an octave apart; ln(m) is a quotient of polynomials in
 * m less the fourth root of a half. n counts quarters, in Q6.25.
 */
static inline int32_t nn_log_of_at_least_one(int32_t x) {
    const int32_t zeros = nn_leading_zeros((uint32_t)x);
    const int32_t half = nn_high_multiply(x, NN_ROOT_HALF);
    const int32_t half_zeros = nn_leading_zeros((uint32_t)half);
    const int32_t low = nn_saturating_left(nn_high_multiply(x << (zeros - 1), NN_ROOT_HALF), 1);
    const int32_t high = nn_saturating_left(x, half_zeros - 1);
    const int32_t low_power = ((12 - zeros) << 25) + (1 << 23);
    const int32_t high_power = ((13 - half_zeros) << 25) - (1 << 23);
    const int32_t m = low < high ? low : high;
    const int32_t power = low_power > high_power ? low_power : high_power;

    const int32_t middle = (int32_t)(((int64_t)m + NN_FOURTH_ROOT_HALF + 1) / 2);
    const int32_t q = 2 * (m - NN_FOURTH_ROOT_HALF);
    const int32_t square = nn_high_multiply(q, q);
    const int32_t numerator =
        nn_high_multiply(q, m) + nn_high_multiply(nn_high_multiply(q, square), 117049297);
    const int32_t inner = 1057819769 + q + nn_high_multiply(127690142, square);
    const int32_t denominator = nn_high_multiply(middle, inner) + nn_high_multiply(638450708, q);
    const int32_t quotient =
        nn_high_multiply(nn_rounding_shift(numerator, 6), nn_reciprocal_of_one_plus(denominator));
    return 2 * (nn_high_multiply(power, NN_LOG_2) + quotient);
}

#endif
