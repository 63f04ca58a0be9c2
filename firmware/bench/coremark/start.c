/*
 * From reset to CoreMark's main on an STM32H743, without the vision firmware's start-up: code and data go where
 * coremark.ld is told, caches as CACHES says (bit 0 instructions, bit 1 data), core at 480 MHz.
 */
#include "chip/stm32h743/cache.h"
#include "chip/stm32h743/clock.h"
#include "chip/stm32h743/core.h"

#define CACHE_INSTRUCTIONS 1U
#define CACHE_DATA         2U

extern uint32_t stack_top, code_start, code_end, data_start, data_end, bss_start, bss_end;
extern const uint32_t code_image, data_image;

int main(void);
void reset_handler(void) __attribute__((noreturn));

static __attribute__((noreturn)) void stop(void) {
    for (;;) {
    }
}

/* In flash whatever the rest does; volatile, because a compiler would call memcpy, which is not there yet. */
__attribute__((section(".boot"))) void reset_handler(void) {
    SCB_CPACR |= SCB_CPACR_FPU_FULL;
    core_dsb();
    core_isb();
    const volatile uint32_t *from = &code_image;
    if (from != &code_start) {
        for (volatile uint32_t *to = &code_start; to < &code_end; to++) {
            *to = *from++;
        }
    }
    from = &data_image;
    for (volatile uint32_t *to = &data_start; to < &data_end; to++) {
        *to = *from++;
    }
    for (volatile uint32_t *to = &bss_start; to < &bss_end; to++) {
        *to = 0;
    }
    core_dsb();
    core_isb();
    if (clock_init() != CLOCK_OK) {
        stop();
    }
    cache_enable();
    if ((CACHES & CACHE_DATA) == 0U) {
        SCB_CCR &= ~SCB_CCR_DC; /* nothing dirty in it yet */
    }
    if ((CACHES & CACHE_INSTRUCTIONS) == 0U) {
        SCB_CCR &= ~SCB_CCR_IC;
    }
    core_dsb();
    core_isb();
    (void)main();
    stop();
}

__attribute__((section(".vectors"), used)) static void *const vectors[16] = {
    &stack_top, (void *)reset_handler, (void *)stop, (void *)stop, (void *)stop, (void *)stop, (void *)stop,
};
