/*
 * A byte queue between one producer and one consumer, one of which may be an interrupt handler: each index is
 * written by one side only, so neither side has to mask interrupts. The size is a power of two; the indices
 * run free and wrap by themselves.
 */
#ifndef LIB_RING_H
#define LIB_RING_H

#include <stdbool.h>
#include <stdint.h>

typedef struct ring {
    uint8_t *data;
    uint32_t size;             /* a power of two */
    volatile uint32_t written; /* bytes ever put in; the producer's */
    volatile uint32_t taken;   /* bytes ever taken out; the consumer's */
} ring_t;

/* On one core in program order a compiler barrier is all that keeps data and index in step. */
#define RING_BARRIER() __asm__ volatile("" ::: "memory")

static inline uint32_t ring_count(const ring_t *ring) {
    return ring->written - ring->taken;
}

/* False when the queue is full; the byte is then not stored. */
static inline bool ring_put(ring_t *ring, uint8_t byte) {
    const uint32_t written = ring->written;
    if (written - ring->taken >= ring->size) {
        return false;
    }
    ring->data[written & (ring->size - 1U)] = byte;
    RING_BARRIER();
    ring->written = written + 1U;
    return true;
}

/* The oldest byte, or -1 when the queue is empty. */
static inline int ring_take(ring_t *ring) {
    const uint32_t taken = ring->taken;
    if (ring->written == taken) {
        return -1;
    }
    const uint8_t byte = ring->data[taken & (ring->size - 1U)];
    RING_BARRIER();
    ring->taken = taken + 1U;
    return byte;
}

#endif
