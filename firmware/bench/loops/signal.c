/* What DSP instructions are for: saturation, pairs of half-words, long accumulators, bytes in words. */
#include <arm_acle.h>

#include "bench/loops/programs.h"

#define TAPS    16
#define SAMPLES 96

/* Instructions the header of some compilers has no function for. */
#define ONE_OPERAND(name)                                                                                    \
    static uint32_t name##_of(uint32_t value) {                                                              \
        uint32_t result;                                                                                     \
        __asm(#name " %0, %1" : "=r"(result) : "r"(value));                                                  \
        return result;                                                                                       \
    }
ONE_OPERAND(rev)
ONE_OPERAND(rev16)
ONE_OPERAND(revsh)
ONE_OPERAND(rbit)

static int32_t filter(const int16_t *samples, const int16_t *taps) {
    int64_t sum = 0;
    for (uint32_t i = 0; i < TAPS; i++) {
        sum += (int32_t)samples[i] * taps[i];
    }
    return (int32_t)(sum >> 12);
}

static int32_t filter_pairs(const uint32_t *samples, const uint32_t *taps) {
    int32_t sum = 0, crossed = 0;
    int64_t wide = 0;
    for (uint32_t i = 0; i < TAPS / 2; i++) {
        sum = __smlad((int16x2_t)samples[i], (int16x2_t)taps[i], sum);
        crossed = __smlsdx((int16x2_t)samples[i], (int16x2_t)taps[i], crossed);
        wide = __smlald((int16x2_t)samples[i], (int16x2_t)taps[i], wide);
    }
    return sum ^ crossed ^ (int32_t)(wide >> 3);
}

static int32_t saturated(int32_t a, int32_t b) {
    const int32_t sum = __qadd(__qadd(a, a), b), difference = __qsub(b, a);
    return (__ssat(sum, 24) ^ (int32_t)__usat(difference, 17)) + (int16_t)a * (int16_t)b +
           __smlabt(a, b, sum) + __smlawb(a, b, sum);
}

static uint32_t bytes(uint32_t a, uint32_t b) {
    const uint32_t spread = __uxtb16(a), added = __uxtab16(b, a),
                   signed_spread = (uint32_t)__sxtab16((int16x2_t)a, (int8x4_t)b);
    return __usada8(a, b, spread) ^ added ^ signed_spread ^ rev_of(a) ^ rev16_of(b) ^ revsh_of(a) ^
           rbit_of(a);
}

static void multiply(const int8_t *a, const int8_t *b, int32_t *out, uint32_t size) {
    for (uint32_t row = 0; row < size; row++) {
        for (uint32_t column = 0; column < size; column++) {
            int32_t sum = 0;
            for (uint32_t k = 0; k < size; k++) {
                sum += a[row * size + k] * b[k * size + column];
            }
            out[row * size + column] = sum;
        }
    }
}

static int32_t clamp(int32_t value, int32_t low, int32_t high) {
    return value < low ? low : value > high ? high : value;
}

uint32_t signal_program(uint32_t seed) {
    static int16_t samples[SAMPLES + TAPS] __attribute__((aligned(4)));
    static int32_t product[100];
    int16_t taps[TAPS] __attribute__((aligned(4)));
    int8_t left[100], right[100];
    uint32_t sum = 0;
    for (uint32_t i = 0; i < SAMPLES + TAPS; i++) {
        samples[i] = (int16_t)next_random(&seed);
    }
    for (uint32_t i = 0; i < TAPS; i++) {
        taps[i] = (int16_t)(next_random(&seed) & 0x3FFF);
    }
    for (uint32_t i = 0; i < SAMPLES; i += 2) {
        const int32_t plain = filter(samples + i, taps);
        const int32_t paired =
            filter_pairs((const uint32_t *)(const void *)(samples + i), (const uint32_t *)(const void *)taps);
        sum += (uint32_t)saturated(plain << (i & 15), paired) + bytes((uint32_t)plain, (uint32_t)paired);
        sum ^= (uint32_t)clamp(plain, -1000, 70000) + (uint32_t)((int64_t)plain * paired >> 32);
    }
    for (uint32_t i = 0; i < 100; i++) {
        left[i] = (int8_t)next_random(&seed);
        right[i] = (int8_t)next_random(&seed);
    }
    multiply(left, right, product, 10);
    for (uint32_t i = 0; i < 100; i++) {
        sum = sum * 17 + (uint32_t)product[i];
    }
    return sum;
}
