/*
 * Runs every program over and over, with SysTick interrupting at a period that divides nothing, whose handler works too.
 * `rounds` counts finished rounds, `digest` tells whether two runs computed the same.
 */
#include "bench/loops/programs.h"

#define MMIO32(address) (*(volatile uint32_t *)(address))
#define SYST_CSR        MMIO32(0xE000E010U)
#define SYST_RVR        MMIO32(0xE000E014U)
#define SYST_ENABLED    7U /* counts the core's clock, with interrupt */
#define PERIOD          10007U

extern uint32_t stack_top, bss_start, bss_end;

volatile uint32_t rounds, digest, ticks;
static uint32_t tick_state;

void reset_handler(void);
void tick_handler(void);
void stop_handler(void);

typedef uint32_t program_t(uint32_t seed);
static program_t *const PROGRAMS[] = {
    sort_program, text_program,    hash_program,   wide_program,
    tree_program, machine_program, signal_program, copy_program,
};
#define PROGRAM_COUNT (sizeof PROGRAMS / sizeof PROGRAMS[0])

__attribute__((section(".vectors"), used)) static const uintptr_t VECTORS[16] = {
    (uintptr_t)&stack_top,
    (uintptr_t)reset_handler,
    [2 ... 14] = (uintptr_t)stop_handler,
    (uintptr_t)tick_handler,
};

void stop_handler(void) {
    for (;;) {
    }
}

void tick_handler(void) {
    uint32_t sum = ticks;
    for (uint32_t i = 0; i < 40; i++) {
        sum = (sum << 5 | sum >> 27) ^ next_random(&tick_state);
    }
    ticks = sum;
}

void reset_handler(void) {
    for (uint32_t *word = &bss_start; word < &bss_end; word++) {
        *word = 0;
    }
    SYST_RVR = PERIOD;
    SYST_CSR = SYST_ENABLED;
    for (uint32_t seed = 1;; seed++) {
        uint32_t sum = digest;
        for (size_t i = 0; i < PROGRAM_COUNT; i++) {
            sum = sum * 31 + PROGRAMS[i](seed * 2654435761U + (uint32_t)i);
        }
        digest = sum;
        rounds = rounds + 1;
    }
}
