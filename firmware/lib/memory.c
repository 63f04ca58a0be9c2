/*
 * memcpy, memmove, memset and memcmp for a freestanding build: C11 lets a compiler call these four whatever
 * its options say (structure copies, zeroed arrays), so somebody has to bring them.
 *
 * Compiled with -fno-builtin, else the loops below would be recognised and turned into calls to themselves.
 */
#include "lib/memory.h"

#include <stdint.h>

#define WORD sizeof(uint32_t)

/* A word that may alias anything, which is what copying raw memory by words is. */
typedef uint32_t __attribute__((may_alias)) raw_word_t;

static int is_word_aligned(const void *a, const void *b) {
    return (((uintptr_t)a | (uintptr_t)b) & (WORD - 1U)) == 0U;
}

void *memcpy(void *restrict destination, const void *restrict source, size_t size) {
    uint8_t *to = destination;
    const uint8_t *from = source;
    if (is_word_aligned(to, from)) {
        for (; size >= WORD; size -= WORD, to += WORD, from += WORD) {
            *(raw_word_t *)to = *(const raw_word_t *)from;
        }
    }
    while (size-- > 0U) {
        *to++ = *from++;
    }
    return destination;
}

void *memmove(void *destination, const void *source, size_t size) {
    uint8_t *to = destination;
    const uint8_t *from = source;
    if (to == from || size == 0U) {
        return destination;
    }
    if ((uintptr_t)to - (uintptr_t)from >=
        size) { /* to lies before from, or behind its end: forwards is safe */
        while (size-- > 0U) {
            *to++ = *from++;
        }
    } else {
        while (size-- > 0U) {
            to[size] = from[size];
        }
    }
    return destination;
}

void *memset(void *destination, int value, size_t size) {
    uint8_t *to = destination;
    const uint8_t byte = (uint8_t)value;
    if (is_word_aligned(to, to)) {
        const uint32_t word = byte * 0x01010101U;
        for (; size >= WORD; size -= WORD, to += WORD) {
            *(raw_word_t *)to = word;
        }
    }
    while (size-- > 0U) {
        *to++ = byte;
    }
    return destination;
}

int memcmp(const void *left, const void *right, size_t size) {
    const uint8_t *a = left;
    const uint8_t *b = right;
    for (; size > 0U; size--, a++, b++) {
        if (*a != *b) {
            return *a < *b ? -1 : 1;
        }
    }
    return 0;
}
