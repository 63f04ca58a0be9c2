/* Four sums at once: one input value is read once and multiplied by the weights of four output channels. */
#ifndef NN_MAC4_H
#define NN_MAC4_H

#include "nn/nn_scale.h"

typedef struct nn_mac4 {
    int32_t sum[4];
} nn_mac4_t;

#define NN_MAC4_STEP(i)                                                                                      \
    do {                                                                                                     \
        int32_t value = x[i];                                                                                \
        s0 += value * w[4 * (i) + 0];                                                                        \
        s1 += value * w[4 * (i) + 1];                                                                        \
        s2 += value * w[4 * (i) + 2];                                                                        \
        s3 += value * w[4 * (i) + 3];                                                                        \
    } while (0)

/* Adds x[i] * w[4 i + k] for i = 0..count-1 to sum k. */
static inline void nn_mac4(nn_mac4_t *acc, const int8_t *x, const int8_t *w, uint32_t count) {
    int32_t s0 = acc->sum[0], s1 = acc->sum[1], s2 = acc->sum[2], s3 = acc->sum[3];
    const int8_t *end = x + (count & ~3u);
    while (x != end) {
        NN_MAC4_STEP(0);
        NN_MAC4_STEP(1);
        NN_MAC4_STEP(2);
        NN_MAC4_STEP(3);
        x += 4;
        w += 16;
    }
    end = x + (count & 3u);
    while (x != end) {
        NN_MAC4_STEP(0);
        x += 1;
        w += 4;
    }
    acc->sum[0] = s0, acc->sum[1] = s1, acc->sum[2] = s2, acc->sum[3] = s3;
}

/* The same with one value in place of all x[i]: the part of a window outside the input. */
static inline void nn_mac4_outside(nn_mac4_t *acc, int32_t value, const int8_t *w, uint32_t count) {
    for (uint32_t i = 0; i < 4 * count; i++) {
        acc->sum[i & 3u] += value * w[i];
    }
}

/* Writes `count` (1..4) of the four sums as output values and returns where the next ones go. */
static inline int8_t *nn_put4(const nn_mac4_t *acc, uint32_t count, const nn_channel_t *channel,
                              const nn_range_t *range, int8_t *output) {
    output[0] = nn_requantize(acc->sum[0], channel, range);
    if (count > 1) {
        output[1] = nn_requantize(acc->sum[1], channel + 1, range);
    }
    if (count > 2) {
        output[2] = nn_requantize(acc->sum[2], channel + 2, range);
    }
    if (count > 3) {
        output[3] = nn_requantize(acc->sum[3], channel + 3, range);
    }
    return output + count;
}

#endif
