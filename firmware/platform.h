/*
 * What the application asks of the board as a whole, besides drivers/hal.h: start it, and say what it is.
 */
#ifndef PLATFORM_H
#define PLATFORM_H

#include "lib/errors.h"
#include "lib/text.h"

#include <stdbool.h>
#include <stdint.h>

#if defined(__arm__)
/* For buffers a DMA writes: memory it reaches, on cache lines of their own. Not initialised but to zero. */
#define PLATFORM_DMA_BUFFER __attribute__((section(".dma_buffers"), aligned(32)))
/* For big buffers that only the CPU uses. Not initialised but to zero. */
#define PLATFORM_BULK __attribute__((section(".ram_d2"), aligned(32)))
#else
#define PLATFORM_DMA_BUFFER __attribute__((aligned(32)))
#define PLATFORM_BULK       __attribute__((aligned(32)))
#endif

typedef struct platform_memory {
    const char *name;
    uint32_t used, size; /* bytes */
} platform_memory_t;

/* What lies in flash, and the CRC-32 that the build has put behind it. */
typedef struct platform_image {
    const uint8_t *start;
    uint32_t size; /* bytes, the seal not included */
    uint32_t seal;
} platform_image_t;

/* Memory protection, caches, clocks, tick, pins, console UART, camera port, watchdog. ERROR_NONE when all is well,
 * else what did not start: without its watchdog the board works (ERROR_WATCHDOG_OFF), without its clock only the console
 * does. */
error_t platform_init(void);

/* The image this firmware runs from. */
void platform_image(platform_image_t *image);

/* Core clock, Hz: divides hal_cycles() into seconds. */
uint32_t platform_core_hz(void);

/* Bus clock of memories and camera port, Hz. */
uint32_t platform_bus_hz(void);

/* Why the chip was reset last: "power-on", "brown-out", "watchdog", ... */
const char *platform_reset_cause(void);

/* The chip's memories; returns how many. */
uint32_t platform_memories(const platform_memory_t **memories);

/* Deepest the stack has been, and its size, bytes. */
uint32_t platform_stack_used(void);
uint32_t platform_stack_size(void);

/* Append what is known of the fault before this boot; false when there was none. */
bool platform_last_fault(text_t *text);

#endif
