/* Arithmetic the core does not have: 64-bit products, quotients and shifts, fixed point, floating point in integers. */
#include "bench/loops/programs.h"

static uint64_t greatest_divisor(uint64_t a, uint64_t b) {
    while (b) {
        const uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

static uint32_t root(uint64_t square) {
    uint64_t low = 0, high = 0xFFFFFFFFU;
    while (low < high) {
        const uint64_t middle = (low + high + 1) / 2;
        if (middle * middle <= square) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    return (uint32_t)low;
}

static int64_t power(int64_t base, uint32_t exponent, int64_t modulus) {
    int64_t result = 1;
    for (; exponent; exponent >>= 1) {
        if (exponent & 1) {
            result = result * base % modulus;
        }
        base = base * base % modulus;
    }
    return result;
}

static int32_t sine_q16(int32_t angle) {
    int64_t term = angle, sum = angle;
    for (int32_t n = 2; n < 14; n += 2) {
        term = -(term * angle >> 16) * angle >> 16;
        term /= n * (n + 1);
        sum += term;
    }
    return (int32_t)sum;
}

/* Single precision by integers, without rounding modes or special values: sign, exponent, 24 bits. */
static uint32_t multiply_float(uint32_t a, uint32_t b) {
    const uint32_t sign = (a ^ b) & 0x80000000U;
    int32_t exponent = (int32_t)(a >> 23 & 0xFF) + (int32_t)(b >> 23 & 0xFF) - 127;
    uint64_t product = (uint64_t)(a & 0x7FFFFFU | 0x800000U) * (b & 0x7FFFFFU | 0x800000U);
    uint32_t bits = (uint32_t)(product >> 23);
    if (bits & 0x1000000U) {
        bits >>= 1;
        exponent++;
    }
    return exponent <= 0     ? sign
           : exponent >= 255 ? sign | 0x7F800000U
                             : sign | (uint32_t)exponent << 23 | (bits & 0x7FFFFFU);
}

uint32_t wide_program(uint32_t seed) {
    uint32_t sum = 0, value = 0x3F800000U;
    for (uint32_t i = 0; i < 12; i++) {
        const uint64_t a = (uint64_t)next_random(&seed) << 20 | next_random(&seed);
        const uint64_t b = (uint64_t)next_random(&seed) << (i % 24) | 1;
        const int64_t c = (int64_t)(a << 19) >> (i * 5 % 63);
        sum += (uint32_t)greatest_divisor(a, b) + root(a) + (uint32_t)(a / b) + (uint32_t)(c >> 7);
        sum ^= (uint32_t)(c / (int64_t)(b + 2)) + (uint32_t)(c % -(int64_t)(b + 2));
        sum += (uint32_t)power((int64_t)(a & 0x7FFFFFFF), (uint32_t)b & 0xFF, 0x7FFFFFFF);
        sum += (uint32_t)sine_q16((int32_t)(a & 0x3FFFF) - 0x20000);
        value = multiply_float(value, 0x3F000000U | (uint32_t)a & 0xFFFFFFU);
        sum += value + (uint32_t)__builtin_clzll(a | 1) + (uint32_t)__builtin_ctzll(b) +
               (uint32_t)__builtin_popcountll(a);
    }
    return sum;
}
