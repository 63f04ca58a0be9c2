/* What a compiler may call without being asked: moved by words where both ends allow it. */
#include "bench/loops/programs.h"

void *memcpy(void *to, const void *from, size_t size) {
    uint8_t *out = to;
    const uint8_t *in = from;
    if (!(((uintptr_t)out | (uintptr_t)in) & 3)) {
        for (; size >= 4; size -= 4, out += 4, in += 4) {
            *(volatile uint32_t *)(void *)out = *(const uint32_t *)(const void *)in;
        }
    }
    while (size--) {
        *(volatile uint8_t *)out++ = *in++;
    }
    return to;
}

void *memmove(void *to, const void *from, size_t size) {
    uint8_t *out = to;
    const uint8_t *in = from;
    if (out <= in || out >= in + size) {
        return memcpy(to, from, size);
    }
    while (size--) {
        ((volatile uint8_t *)out)[size] = in[size];
    }
    return to;
}

void *memset(void *to, int value, size_t size) {
    volatile uint8_t *out = to;
    while (size--) {
        *out++ = (uint8_t)value;
    }
    return to;
}
