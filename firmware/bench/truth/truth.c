/*
 * Five mistakes a simulator usually forgives and an STM32H743 does not, each with its right way. CASE picks one of the
 * cases below, WRONG = 1 makes the mistake. The result is left in `outcome`: 0 while running, DONE at the end.
 */
#include "chip/stm32h743/cache.h"
#include "chip/stm32h743/clock.h"
#include "chip/stm32h743/core.h"
#include "chip/stm32h743/flash.h"
#include "chip/stm32h743/rcc.h"

#include <stddef.h>
#include <stdint.h>

#define CASE_STALE_READ 1 /* a DMA writes a buffer the core has read before; right: invalidate, then read */
#define CASE_DMA_TCM    2 /* a DMA is aimed at a variable in DTCM; right: at AXI SRAM */
#define CASE_UNALIGNED  3 /* a word read of a register bank at an odd address; right: aligned */
#define CASE_CLOCK_OFF  4 /* a pin is set before the port has a clock; right: clock first */
#define CASE_FLASH      5 /* at 240 MHz on the AXI bus the flash is read with 2 wait states; right: with 4 */

#define DONE  0x600DU
#define WORDS 16U

#define STREAM          MMIO32(0x40020410U) /* DMA2 stream 0: CR, then NDTR, PAR, M0AR, M1AR, FCR */
#define STREAM_NDTR     MMIO32(0x40020414U)
#define STREAM_PAR      MMIO32(0x40020418U)
#define STREAM_M0AR     MMIO32(0x4002041CU)
#define STREAM_FCR      MMIO32(0x40020424U)
#define DMA2_LISR       MMIO32(0x40020400U)
#define DMA2_LIFCR      MMIO32(0x40020408U)
#define DMA_EN          (1U << 0)
#define DMA_MEM_TO_MEM  (2U << 6)
#define DMA_PINC_MINC   (3U << 9)
#define DMA_WORDS       (2U << 13 | 2U << 11)
#define DMA_FIFO_FULL   (1U << 2 | 3U)
#define DMA_DONE_FAILED (1U << 5 | 1U << 3)
#define DMA_FLAGS       0x3DU
#define GPIOE_BASE      0x58021000U
#define GPIOE_MODER     MMIO32(GPIOE_BASE)
#define PORT_E          4U

extern uint32_t stack_top, bss_start, bss_end;

volatile uint32_t outcome;
volatile uint32_t value;
static uint32_t tcm_words[WORDS];
static uint32_t source[WORDS] __attribute__((section(".axi"), aligned(32)));
static uint32_t target[WORDS] __attribute__((section(".axi"), aligned(32)));

void reset_handler(void) __attribute__((noreturn));

static __attribute__((noreturn)) void stop(void) {
    for (;;) {
    }
}

#if CASE == CASE_STALE_READ || CASE == CASE_DMA_TCM
static void copy_by_dma(const uint32_t *from, uint32_t *to) {
    RCC_AHB1ENR |= RCC_AHB1ENR_DMA2EN;
    (void)RCC_AHB1ENR;
    DMA2_LIFCR = DMA_FLAGS;
    STREAM_NDTR = WORDS;
    STREAM_PAR = (uint32_t)(uintptr_t)from;
    STREAM_M0AR = (uint32_t)(uintptr_t)to;
    STREAM_FCR = DMA_FIFO_FULL;
    core_dsb(); /* what the DMA reads is in memory: `source` is written before the cache is on */
    STREAM = DMA_MEM_TO_MEM | DMA_PINC_MINC | DMA_WORDS | DMA_EN;
    while ((DMA2_LISR & DMA_DONE_FAILED) == 0U) {
    }
}
#endif

static void run(void) {
    for (uint32_t i = 0; i < WORDS; i++) {
        source[i] = 100U + i;
    }
    cache_enable();
    (void)tcm_words;
    (void)target;
#if CASE == CASE_STALE_READ
    value = target[0]; /* now the cache has the line */
    copy_by_dma(source, target);
#if !WRONG
    cache_invalidate(target, sizeof target);
#endif
    value = *(volatile uint32_t *)&target[0];
#elif CASE == CASE_DMA_TCM
    copy_by_dma(source, WRONG ? tcm_words : target);
#elif CASE == CASE_UNALIGNED
    RCC_AHB4ENR |= RCC_AHB4ENR_GPIO(PORT_E);
    (void)RCC_AHB4ENR;
    value = MMIO32(GPIOE_BASE + WRONG);
#elif CASE == CASE_CLOCK_OFF
#if !WRONG
    RCC_AHB4ENR |= RCC_AHB4ENR_GPIO(PORT_E);
    (void)RCC_AHB4ENR;
#endif
    GPIOE_MODER = 1U;
#elif CASE == CASE_FLASH
    value = (uint32_t)clock_init();
#if WRONG
    FLASH_ACR = FLASH_ACR_LATENCY(2U) | FLASH_ACR_WRHIGHFREQ(2U);
#endif
#else
#error "CASE is 1 to 5"
#endif
    outcome = DONE;
}

void reset_handler(void) {
    for (volatile uint32_t *word = &bss_start; word < &bss_end; word++) {
        *word = 0;
    }
    run();
    stop();
}

__attribute__((section(".vectors"), used)) static void *const vectors[16] = {
    &stack_top, (void *)reset_handler, (void *)stop, (void *)stop, (void *)stop, (void *)stop, (void *)stop,
};
