/*
 * Level 1 caches of the Cortex-M7: 16 KB each, 32-byte lines (PM0253 section 2.3 and 4.8).
 */
#ifndef CHIP_STM32H743_CACHE_H
#define CHIP_STM32H743_CACHE_H

#include <stddef.h>
#include <stdint.h>

/* Invalidate and switch on both. */
void cache_enable(void);

/* Write every data line that holds part of [address, address + size) back to memory. */
void cache_clean(const void *address, size_t size);

/* Drop every data line that holds part of [address, address + size): the next read comes from memory, and
 * what the CPU wrote and memory has not seen is lost. */
void cache_invalidate(const void *address, size_t size);

#endif
