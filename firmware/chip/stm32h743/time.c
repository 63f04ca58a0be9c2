/*
 * Time, see time.h (DDI 0403E B3.3 "SysTick", C1.8 "DWT").
 */
#include "chip/stm32h743/time.h"

#include "chip/stm32h743/core.h"
#include "drivers/hal.h"

static volatile uint32_t milliseconds;

void time_init(uint32_t core_hz) {
    /* The DWT wants trace enabled, and on a Cortex-M7 also its lock opened, before it counts. */
    DEMCR |= DEMCR_TRCENA;
    DWT_LAR = DWT_LAR_UNLOCK;
    DWT_CYCCNT = 0;
    DWT_CTRL |= DWT_CTRL_CYCCNTENA;

    SCB_SHPR3 = (SCB_SHPR3 & ~(0xFFU << SCB_SHPR3_SYSTICK)) | PRIORITY_TICK << (8U - PRIORITY_BITS)
                                                                            << SCB_SHPR3_SYSTICK;
    SYST_RVR = core_hz / 1000U - 1U;
    SYST_CVR = 0;
    SYST_CSR = SYST_CSR_CLKSOURCE | SYST_CSR_TICKINT | SYST_CSR_ENABLE;
}

void systick_handler(void);
void systick_handler(void) {
    milliseconds++;
}

uint32_t hal_millis(void) {
    return milliseconds;
}

uint32_t hal_cycles(void) {
    return DWT_CYCCNT;
}

void hal_delay_ms(uint32_t ms) {
    /* One more tick than asked for: the first may come at once. */
    const uint32_t start = milliseconds;
    while (milliseconds - start <= ms) {
        core_wfi();
    }
}

void hal_sleep_unless(bool (*work_pending)(void)) {
    core_interrupts_off();
    if (!work_pending()) {
        core_dsb();
        core_wfi(); /* a pending interrupt ends it although PRIMASK holds the handler back */
    }
    core_interrupts_on();
}
