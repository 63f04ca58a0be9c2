/* int16 values among bytes, wherever they lie. */
#ifndef NN_INT16_H
#define NN_INT16_H

#include "nn/nn_types.h"

/* The value number `index` of those that begin at `bytes`. */
static inline int32_t nn_load_int16(const int8_t *bytes, uint32_t index) {
    int16_t value;
    __builtin_memcpy(&value, bytes + 2 * index, sizeof value);
    return value;
}

static inline void nn_store_int16(int8_t *bytes, uint32_t index, int32_t value) {
    const int16_t stored = (int16_t)value;
    __builtin_memcpy(bytes + 2 * index, &stored, sizeof stored);
}

/* `value` cut to int16. */
static inline int32_t nn_clamp_int16(int32_t value) {
    return value < INT16_MIN ? INT16_MIN : value > INT16_MAX ? INT16_MAX : value;
}

#endif
