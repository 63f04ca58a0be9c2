/* Loops that become native code: plain, nested, with a condition, one that calls, under a SysTick. */
#include <stdint.h>

extern uint32_t stack_top[];
volatile uint32_t ticks, result;
uint8_t bytes[256];

__attribute__((noinline)) static uint32_t checksum(const uint8_t *data, uint32_t count) {
    uint32_t sum = 1;
    for (uint32_t i = 0; i < count; i++) {
        sum ^= data[i];
        for (uint32_t bit = 0; bit < 8; bit++) {
            if (sum & 1u) {
                sum = (sum >> 1) ^ 0xEDB88320u;
            } else {
                sum >>= 1;
            }
        }
    }
    return sum;
}

__attribute__((noinline)) static uint32_t mixed(uint32_t value) {
    return value * 2654435761u + 1u;
}

__attribute__((noinline)) static void fill(uint32_t seed) {
    for (uint32_t i = 0; i < sizeof bytes; i++) {
        seed = mixed(seed);
        bytes[i] = (uint8_t)(seed >> 24);
    }
}

static void systick_handler(void) {
    ticks++;
}

static void reset_handler(void) {
    *(volatile uint32_t *)0xE000E014u = 9999; /* SysTick: a reload of 10,000 cycles, on */
    *(volatile uint32_t *)0xE000E010u = 7;
    ticks = 0;
    for (uint32_t round = 0; round < 60; round++) {
        fill(round);
        result = checksum(bytes, sizeof bytes);
    }
    *(volatile uint32_t *)0xE000E010u = 0;
    for (;;) {
        __asm volatile("wfi");
    }
}

__attribute__((section(".vectors"), used)) static const uintptr_t vectors[16] = {
    [0] = (uintptr_t)stack_top,
    [1] = (uintptr_t)reset_handler,
    [15] = (uintptr_t)systick_handler,
};
