/* What runs how often is counted by hand in test_coverage.py, line by line: keep the numbers there in step. */
#include <stdint.h>

extern uint32_t stack_top[];
volatile uint32_t sum, limit = 3;

__attribute__((noinline)) static uint32_t odd(uint32_t value) {
    if (value & 1u) {
        return 1;
    }
    return 0;
}

__attribute__((noinline)) static void never(void) {
    sum = 99;
}

static void reset_handler(void) {
    limit = 3;
    for (uint32_t i = 0; i < limit; i++) {
        if (odd(i)) {
            sum += i;
        }
    }
    if (limit == 0) {
        never();
    }
    for (;;) {
        __asm volatile("wfi");
    }
}

__attribute__((section(".vectors"), used)) static const uintptr_t vectors[2] = {
    (uintptr_t)stack_top,
    (uintptr_t)reset_handler,
};
