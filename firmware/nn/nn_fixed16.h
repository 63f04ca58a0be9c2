/* Functions of 16-bit fixed point, bit for bit as LiteRT's reference kernels (gemmlowp's fixedpoint.h) have them. */
#ifndef NN_FIXED16_H
#define NN_FIXED16_H

#include "nn/nn_int16.h"
#include "nn/nn_scale.h"

#define NN_ONE_16 32767

/* a * b / 2^15 to nearest, ties up. */
static inline int32_t nn_multiply_16(int32_t a, int32_t b) {
    return nn_clamp_int16((a * b + (1 << 14)) >> 15);
}

/* e^x in Q0.15 for x <= 0 with `integer_bits` (1 to 7) before the point. A quarter goes through a polynomial around
 * -1/8; each further bit of x multiplies by a constant e^-(2^k), k = -2..4. */
static inline int32_t nn_exp_negative_16(int32_t x, int32_t integer_bits) {
    static const int16_t powers[] = {25520, 19875, 12055, 4435, 600, 11, 0};
    const int32_t fraction_bits = 15 - integer_bits;
    const int32_t quarter = 1 << (fraction_bits - 2);
    if (x == 0) {
        return NN_ONE_16;
    }
    if (integer_bits > 5 && x < -(1 << (20 - integer_bits))) {
        return 0;
    }
    const int32_t low = (x & (quarter - 1)) - quarter;
    const int32_t moved = low * (1 << integer_bits) + 4096;
    const int32_t square = nn_multiply_16(moved, moved);
    const int32_t cube = nn_multiply_16(square, moved);
    const int32_t fourth = nn_rounding_shift(nn_multiply_16(square, square), 2);
    const int32_t tail = nn_rounding_shift(nn_multiply_16(fourth + cube, 10923) + square, 1);
    int32_t result = nn_clamp_int16(28918 + nn_multiply_16(28918, moved + tail));
    const int32_t rest = low - x;
    for (int32_t bit = 0; bit < integer_bits + 2 && bit < 7; bit++) {
        if ((rest & (quarter << bit)) != 0) {
            result = nn_multiply_16(result, powers[bit]);
        }
    }
    return result;
}

/* 2 / (1 + x) in Q2.13 for x in Q0.15, 0 <= x < 1: three steps of Newton's method. */
static inline int32_t nn_twice_reciprocal_16(int32_t x) {
    const int32_t half = (x + NN_ONE_16 + 1) / 2;
    int32_t guess = 23130 + nn_multiply_16(half, -15420);
    for (int32_t step = 0; step < 3; step++) {
        const int32_t error = 8192 - nn_multiply_16(half, guess);
        guess += nn_clamp_int16(nn_multiply_16(guess, error) * 4);
    }
    return guess;
}

/* 1 / (1 + e^-x) in Q0.15 for x in Q3.12. */
static inline int32_t nn_sigmoid_16(int32_t x) {
    if (x == 0) {
        return 1 << 14;
    }
    const int32_t result = nn_clamp_int16(2 * nn_twice_reciprocal_16(nn_exp_negative_16(x > 0 ? -x : x, 3)));
    return x > 0 ? result : NN_ONE_16 - result;
}

/* tanh(x) in Q0.15 for x with `integer_bits` (0 to 6) before the point. */
static inline int32_t nn_tanh_16(int32_t x, int32_t integer_bits) {
    if (x == 0) {
        return 0;
    }
    const int32_t power = nn_exp_negative_16(x > 0 ? -x : x, integer_bits + 1);
    const int32_t result = nn_clamp_int16(4 * (nn_twice_reciprocal_16(power) - 8192));
    return x > 0 ? result : -result;
}

#endif
