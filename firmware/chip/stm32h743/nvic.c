/*
 * Nested vectored interrupt controller (DDI 0403E B3.4).
 */
#include "chip/stm32h743/core.h"

#define STORM 1000U

void nvic_enable(uint32_t irq, uint32_t priority) {
    const uint32_t shift = 8U * (irq % 4U);
    const uint32_t word = NVIC_IPR(irq / 4U) & ~(0xFFU << shift);
    NVIC_IPR(irq / 4U) = word | (priority << (8U - PRIORITY_BITS)) << shift;
    NVIC_ICPR(irq / 32U) = 1U << (irq % 32U);
    NVIC_ISER(irq / 32U) = 1U << (irq % 32U);
}

void nvic_pend(uint32_t irq) {
    NVIC_ISER(irq / 32U) = 1U << (irq % 32U);
    NVIC_ISPR(irq / 32U) = 1U << (irq % 32U);
}

bool nvic_is_storm(uint32_t irq, bool had_cause) {
    static uint32_t causeless; /* in a row, of whichever interrupt */
    causeless = had_cause ? 0U : causeless + 1U;
    if (causeless < STORM) {
        return false;
    }
    causeless = 0;
    NVIC_ICER(irq / 32U) = 1U << (irq % 32U);
    return true;
}

void nvic_disable_all(void) {
    for (uint32_t word = 0; word < NVIC_WORDS; word++) {
        NVIC_ICER(word) = 0xFFFFFFFFU;
        NVIC_ICPR(word) = 0xFFFFFFFFU;
    }
}
