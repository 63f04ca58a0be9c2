/*
 * Four bits at a time: a table of 16 words, see crc32.h.
 */
#include "lib/crc32.h"

/* Remainders of 0 to 15 by the reflected polynomial 0xEDB88320. */
static const uint32_t remainders[16] = {
    0x00000000U, 0x1DB71064U, 0x3B6E20C8U, 0x26D930ACU, 0x76DC4190U, 0x6B6B51F4U, 0x4DB26158U, 0x5005713CU,
    0xEDB88320U, 0xF00F9344U, 0xD6D6A3E8U, 0xCB61B38CU, 0x9B64C2B0U, 0x86D3D2D4U, 0xA00AE278U, 0xBDBDF21CU,
};

uint32_t crc32(uint32_t before, const void *data, size_t size) {
    const uint8_t *const bytes = data;
    uint32_t value = ~before;
    for (size_t i = 0; i < size; i++) {
        value ^= bytes[i];
        value = value >> 4 ^ remainders[value & 15U];
        value = value >> 4 ^ remainders[value & 15U];
    }
    return ~value;
}
