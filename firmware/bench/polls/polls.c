/*
 * Waiting loops of the kinds drivers have; KIND says which. None ever ends: what is waited for never comes.
 * SysTick ticks once a millisecond of a core at 480 MHz.
 */
#include <stdint.h>

#define MMIO32(address) (*(volatile uint32_t *)(address))
#define PWR_D3CR        MMIO32(0x58024818U) /* VOSRDY, bit 13, stays 0 while the supply has not been chosen */
#define RCC_CR          MMIO32(0x58024400U) /* bit 31 is reserved */
#define RCC_APB1LENR    MMIO32(0x580244E8U)
#define USART3_ISR      MMIO32(0x4000481CU)
#define HOLE            MMIO32(0x50000000U)
#define TIM2_CR1        MMIO32(0x40000000U)
#define TIM2_EGR        MMIO32(0x40000014U)
#define TIM2_CNT        MMIO32(0x40000024U)
#define TIM2_PSC        MMIO32(0x40000028U)
#define SYST_CSR        MMIO32(0xE000E010U)
#define SYST_RVR        MMIO32(0xE000E014U)
#define SYST_CVR        MMIO32(0xE000E018U)
#define DEMCR           MMIO32(0xE000EDFCU)
#define DWT_CTRL        MMIO32(0xE0001000U)
#define DWT_CYCCNT      MMIO32(0xE0001004U)
#define DWT_LAR         MMIO32(0xE0001FB0U)
#define NEVER           0x80000000U
#define TICK            480000U

extern uint32_t stack_top;

volatile uint32_t ticks;

void reset_handler(void);
void tick_handler(void);

__attribute__((section(".vectors"), used)) static const uintptr_t VECTORS[16] = {
    (uintptr_t)&stack_top,
    (uintptr_t)reset_handler,
    [15] = (uintptr_t)tick_handler,
};

void tick_handler(void) {
    ticks = ticks + 1;
}

__attribute__((noinline)) static uint32_t get_tick(void) {
    return ticks;
}

static void wait_forever(void) {
#if KIND == 0 /* scripted register */
    while (!(PWR_D3CR & 1U << 13)) {
    }
#elif KIND == 1
    while (!(RCC_CR & NEVER)) {
    }
#elif KIND == 2
    while (!(USART3_ISR & NEVER)) {
    }
#elif KIND == 3
    while (!(HOLE & NEVER)) {
    }
#elif KIND == 4 /* with a timeout by a tick in memory */
    const uint32_t start = get_tick();
    while (!(PWR_D3CR & 1U << 13) && get_tick() - start < NEVER) {
    }
#elif KIND == 5 /* with a count of turns */
    for (uint32_t left = 0xFFFFFFFFU; !(PWR_D3CR & 1U << 13) && left; left--) {
    }
#elif KIND == 6
    while (SYST_CVR != NEVER) {
    }
#elif KIND == 7
    DEMCR |= 1U << 24;
    DWT_LAR = 0xC5ACCE55U;
    DWT_CTRL |= 1U;
    while (DWT_CYCCNT - 1U != NEVER) {
    }
#elif KIND == 8
    RCC_APB1LENR |= 1U;
    TIM2_PSC = 239;
    TIM2_EGR = 1;
    TIM2_CR1 = 1;
    while (TIM2_CNT != NEVER) {
    }
#endif
}

void reset_handler(void) {
    SYST_RVR = TICK - 1U;
    SYST_CVR = 0;
    SYST_CSR = 7;
    for (;;) {
        wait_forever();
    }
}
