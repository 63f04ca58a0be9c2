/* Programs of many kinds of code, each a pure function of a seed. None has initialised variables. */
#ifndef PROGRAMS_H
#define PROGRAMS_H

#include <stddef.h>
#include <stdint.h>

uint32_t sort_program(uint32_t seed);
uint32_t text_program(uint32_t seed);
uint32_t hash_program(uint32_t seed);
uint32_t wide_program(uint32_t seed);
uint32_t tree_program(uint32_t seed);
uint32_t machine_program(uint32_t seed);
uint32_t signal_program(uint32_t seed);
uint32_t copy_program(uint32_t seed);

void *memcpy(void *to, const void *from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int value, size_t size);

/* A linear congruential generator: the same numbers on every machine. */
static inline uint32_t next_random(uint32_t *state) {
    *state = *state * 1664525U + 1013904223U;
    return *state >> 8;
}

#endif
