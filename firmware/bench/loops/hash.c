/* CRC-32 by bits and by table, FNV-1a in 64 bits, Adler-32, SHA-256's rounds. */
#include "bench/loops/programs.h"

#define SIZE 320

static uint32_t crc_bits(const uint8_t *data, uint32_t size) {
    uint32_t crc = ~0U;
    while (size--) {
        crc ^= *data++;
        for (uint32_t bit = 0; bit < 8; bit++) {
            crc = crc & 1 ? crc >> 1 ^ 0xEDB88320U : crc >> 1;
        }
    }
    return ~crc;
}

static uint32_t crc_table(const uint8_t *data, uint32_t size) {
    static uint32_t table[256];
    for (uint32_t i = 0; !table[255] && i < 256; i++) {
        uint32_t value = i;
        for (uint32_t bit = 0; bit < 8; bit++) {
            value = value & 1 ? value >> 1 ^ 0xEDB88320U : value >> 1;
        }
        table[i] = value;
    }
    uint32_t crc = ~0U;
    for (const uint8_t *end = data + size; data != end;) {
        crc = crc >> 8 ^ table[(crc ^ *data++) & 0xFF];
    }
    return ~crc;
}

static uint64_t fnv(const uint8_t *data, uint32_t size) {
    uint64_t value = 0xCBF29CE484222325U;
    for (uint32_t i = 0; i < size; i++) {
        value = (value ^ data[i]) * 0x100000001B3U;
    }
    return value;
}

static uint32_t adler(const uint8_t *data, uint32_t size) {
    uint32_t low = 1, high = 0;
    for (uint32_t i = 0; i < size; i++) {
        low = (low + data[i]) % 65521U;
        high = (high + low) % 65521U;
    }
    return high << 16 | low;
}

static uint32_t turned(uint32_t value, uint32_t by) {
    return value >> by | value << (32 - by);
}

/* SHA-256's rounds (FIPS 180-4), with other constants: made from primes, not looked up. */
static uint32_t constant(uint32_t index) {
    for (uint32_t prime = 2, seen = 0;; prime++) {
        uint32_t divisor = 2;
        while (divisor * divisor <= prime && prime % divisor) {
            divisor++;
        }
        if (divisor * divisor > prime && seen++ == index) {
            return prime * 2654435761U;
        }
    }
}

static void compress(uint32_t *state, const uint8_t *data, const uint32_t *constants) {
    uint32_t w[64], s[8];
    for (uint32_t i = 0; i < 16; i++) {
        w[i] = (uint32_t)data[4 * i] << 24 | (uint32_t)data[4 * i + 1] << 16 |
               (uint32_t)data[4 * i + 2] << 8 | data[4 * i + 3];
    }
    for (uint32_t i = 16; i < 64; i++) {
        const uint32_t a = turned(w[i - 15], 7) ^ turned(w[i - 15], 18) ^ w[i - 15] >> 3;
        const uint32_t b = turned(w[i - 2], 17) ^ turned(w[i - 2], 19) ^ w[i - 2] >> 10;
        w[i] = w[i - 16] + a + w[i - 7] + b;
    }
    memcpy(s, state, sizeof s);
    for (uint32_t i = 0; i < 64; i++) {
        const uint32_t big1 = turned(s[4], 6) ^ turned(s[4], 11) ^ turned(s[4], 25);
        const uint32_t first =
            s[7] + big1 + ((s[4] & s[5]) ^ (~s[4] & s[6])) + constants[i & 15] * (i + 1) + w[i];
        const uint32_t big0 = turned(s[0], 2) ^ turned(s[0], 13) ^ turned(s[0], 22);
        const uint32_t second = big0 + ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
        memmove(s + 1, s, 7 * sizeof *s);
        s[4] += first;
        s[0] = first + second;
    }
    for (uint32_t i = 0; i < 8; i++) {
        state[i] += s[i];
    }
}

uint32_t hash_program(uint32_t seed) {
    static uint32_t constants[16];
    uint8_t data[SIZE];
    for (uint32_t i = 0; !constants[15] && i < 16; i++) {
        constants[i] = constant(i) | 1;
    }
    for (uint32_t i = 0; i < SIZE; i++) {
        data[i] = (uint8_t)next_random(&seed);
    }
    uint32_t state[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    for (uint32_t i = 0; i + 64 <= SIZE; i += 64) {
        compress(state, data + i, constants);
    }
    const uint64_t wide = fnv(data, SIZE);
    const uint32_t same = crc_bits(data, SIZE) == crc_table(data, SIZE);
    return state[0] ^ state[7] ^ (uint32_t)(wide >> 32) ^ (uint32_t)wide ^ adler(data, SIZE) ^ same << 31;
}
