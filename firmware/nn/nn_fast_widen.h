/* Rows of int8 as int16 in scratch memory: the generated function for whole blocks, and what is left over. */
#ifndef NN_FAST_WIDEN_H
#define NN_FAST_WIDEN_H

#include "nn/nn_fast.h"

/* `count` values; in `split` order, where it is a multiple of 4, each four as 0 2 1 3. */
static inline void nn_fast_widen(nn_widen_t *widen, uint32_t split, const int8_t *input, int16_t *output,
                                 uint32_t count) {
    const uint32_t blocks = count / NN_WIDEN_BLOCK;
    if (blocks != 0) {
        widen(input, output, blocks);
    }
    for (uint32_t i = blocks * NN_WIDEN_BLOCK; i < count; i++) {
        const uint32_t swapped = (i & ~3u) | (i & 1u) << 1 | (i & 2u) >> 1;
        output[split ? swapped : i] = input[i];
    }
}

static inline void nn_fast_fill(int16_t *output, int32_t value, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        output[i] = (int16_t)value;
    }
}

#endif
