/*
 * From reset to CoreMark's main on an STM32L4R5, code and constants in flash, data in SRAM1 (RM0432). CACHES 0: MSI at
 * 4 MHz as reset leaves it, no wait states; else the PLL at 120 MHz, five wait states, caches and prefetch on. Its words
 * go to LPUART1.
 */
#include "bench/coremark/board.h"

#define REG(address)     (*(volatile uint32_t *)(address))
#define SCB_CPACR        REG(0xE000ED88U)
#define FLASH_ACR        REG(0x40022000U)
#define FLASH_ACR_AT_120 0x705U
#define PWR_CR5          REG(0x40007080U)
#define PWR_CR5_R1MODE   (1U << 8)
#define RCC_CR           REG(0x40021000U)
#define RCC_CR_PLLON     (1U << 24)
#define RCC_CR_PLLRDY    (1U << 25)
#define RCC_CFGR         REG(0x40021008U)
#define RCC_CFGR_PLL     3U
#define RCC_PLLCFGR      REG(0x4002100CU)
#define RCC_PLL_MSI_120  (1U | 60U << 8 | 1U << 24) /* MSI * 60 / 2 */
#define RCC_APB1ENR1     REG(0x40021058U)
#define RCC_PWREN        (1U << 28)
#define RCC_APB1ENR2     REG(0x4002105CU)
#define RCC_LPUART1EN    (1U << 0)
#define LPUART_CR1       REG(0x40008000U)
#define LPUART_CR1_UE_TE (1U << 0 | 1U << 3)
#define LPUART_BRR       REG(0x4000800CU)
#define LPUART_ISR       REG(0x4000801CU)
#define LPUART_ISR_TXE   (1U << 7)
#define LPUART_TDR       REG(0x40008028U)
#define BAUD             115200U

extern uint32_t stack_top, data_start, data_end, bss_start, bss_end;
extern const uint32_t data_image;

int main(void);
void reset_handler(void) __attribute__((noreturn));

uint32_t board_core_hz(void) {
    return CACHES == 0 ? 4000000U : 120000000U;
}

void board_uart_init(void) {
    RCC_APB1ENR2 |= RCC_LPUART1EN;
    LPUART_BRR = (uint32_t)(256ULL * board_core_hz() / BAUD);
    LPUART_CR1 = LPUART_CR1_UE_TE;
}

void board_put(char character) {
    while ((LPUART_ISR & LPUART_ISR_TXE) == 0U) {
    }
    LPUART_TDR = (uint8_t)character;
}

static void clock_init(void) {
    RCC_APB1ENR1 |= RCC_PWREN;
    PWR_CR5 &= ~PWR_CR5_R1MODE;
    FLASH_ACR = FLASH_ACR_AT_120;
    RCC_PLLCFGR = RCC_PLL_MSI_120;
    RCC_CR |= RCC_CR_PLLON;
    while ((RCC_CR & RCC_CR_PLLRDY) == 0U) {
    }
    RCC_CFGR = RCC_CFGR_PLL;
}

void reset_handler(void) {
    SCB_CPACR |= 0xFU << 20;
    const volatile uint32_t *from = &data_image;
    for (volatile uint32_t *to = &data_start; to < &data_end; to++) {
        *to = *from++;
    }
    for (volatile uint32_t *to = &bss_start; to < &bss_end; to++) {
        *to = 0;
    }
    if (CACHES != 0) {
        clock_init();
    }
    (void)main();
    for (;;) {
    }
}

__attribute__((section(".vectors"), used)) static void *const vectors[2] = {&stack_top,
                                                                            (void *)reset_handler};
