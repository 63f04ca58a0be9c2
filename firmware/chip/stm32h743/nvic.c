/*
 * Nested vectored interrupt controller (DDI 0403E B3.4).
 */
#include "chip/stm32h743/core.h"

void nvic_enable(uint32_t irq, uint32_t priority) {
    const uint32_t shift = 8U * (irq % 4U);
    const uint32_t word = NVIC_IPR(irq / 4U) & ~(0xFFU << shift);
    NVIC_IPR(irq / 4U) = word | (priority << (8U - PRIORITY_BITS)) << shift;
    NVIC_ICPR(irq / 32U) = 1U << (irq % 32U);
    NVIC_ISER(irq / 32U) = 1U << (irq % 32U);
}

void nvic_disable_all(void) {
    for (uint32_t word = 0; word < NVIC_WORDS; word++) {
        NVIC_ICER(word) = 0xFFFFFFFFU;
        NVIC_ICPR(word) = 0xFFFFFFFFU;
    }
}
