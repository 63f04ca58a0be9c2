/* Memory in all widths and alignments: copies, structures by value, bit fields, packed and volatile members. */
#include "bench/loops/programs.h"

typedef struct packed {
    uint8_t first;
    uint32_t word;
    uint16_t half;
    int64_t wide;
} __attribute__((packed)) packed_t;

typedef struct fields {
    uint32_t low : 5, middle : 11;
    int32_t sign : 7;
    uint32_t rest : 9;
} fields_t;

typedef struct large {
    int32_t values[11];
    uint8_t tail[7];
} large_t;

static large_t turned(large_t value, uint32_t by) {
    large_t result = value;
    for (uint32_t i = 0; i < 11; i++) {
        result.values[i] = value.values[(i + by) % 11] + (int32_t)i;
    }
    for (uint32_t i = 0; i < 7; i++) {
        result.tail[i] = value.tail[(i * by) % 7];
    }
    return result;
}

static uint32_t unaligned(const uint8_t *bytes) {
    uint32_t sum = 0;
    for (uint32_t i = 0; i < 40; i++) {
        const packed_t *view = (const packed_t *)(const void *)(bytes + i);
        sum = sum * 3 + view->first + view->word + view->half + (uint32_t)(view->wide >> 9);
    }
    return sum;
}

static void interleave(uint16_t *to, const uint16_t *from, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        *to++ = from[i];
        *to++ = (uint16_t)~from[count - 1 - i];
    }
}

static uint32_t through_volatile(volatile uint8_t *byte, volatile int16_t *half, uint32_t value) {
    for (uint32_t i = 0; i < 20; i++) {
        *byte = (uint8_t)(value + i);
        *half = (int16_t)(*byte * 257 - (int32_t)value);
        value += (uint32_t)*half ^ *byte;
    }
    return value;
}

uint32_t copy_program(uint32_t seed) {
    static uint8_t bytes[128];
    static uint16_t halves[64], mixed[128];
    large_t large;
    fields_t fields = {0};
    uint8_t byte;
    int16_t half;
    uint32_t sum = 0;
    for (uint32_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)next_random(&seed);
    }
    memcpy(&large, bytes + 3, sizeof large);
    memmove(bytes + 7, bytes, 90);
    memmove(bytes, bytes + 5, 77);
    memset(bytes + 101, (int)(seed & 0x7F), 13);
    memcpy(halves, bytes, sizeof halves / 2);
    for (uint32_t i = 0; i < 6; i++) {
        large = turned(large, i + 1);
        sum += (uint32_t)large.values[i] ^ large.tail[i];
        fields.low = (uint32_t)large.values[i];
        fields.middle += fields.low * 3;
        fields.sign = large.values[i + 1];
        fields.rest ^= (uint32_t)fields.sign;
        sum ^= fields.low | (uint32_t)fields.middle << 5 | (uint32_t)fields.rest << 23;
    }
    interleave(mixed, halves, 64);
    for (uint32_t i = 0; i < 128; i++) {
        sum = (sum << 1 | sum >> 31) ^ mixed[i];
    }
    return sum + unaligned(bytes) + through_volatile(&byte, &half, seed);
}
