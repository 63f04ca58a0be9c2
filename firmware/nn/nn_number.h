/* Numbers of elements, int32 or int64. */
#ifndef NN_NUMBER_H
#define NN_NUMBER_H

#include <stdint.h>

/* Number `i` of a list of 8-byte (`wide`) or 4-byte numbers, given as its bytes. */
static inline int64_t nn_number(const int8_t *numbers, uint32_t i, uint8_t wide) {
    int64_t number = 0;
    int32_t small;
    if (wide) {
        __builtin_memcpy(&number, numbers + 8 * i, sizeof number);
        return number;
    }
    __builtin_memcpy(&small, numbers + 4 * i, sizeof small);
    return small;
}

#endif
