/*
 * The data cache and other bus masters: mistakes that only show on a board, each with its right ways. CASE picks one of
 * the cases below; WAY 0 makes the mistake, WAY 1 .. 7 are right. What the core reads last is left in `value`; `outcome`
 * is 0 while running, DONE at the end.
 */
#include "chip/stm32h743/cache.h"
#include "chip/stm32h743/core.h"
#include "chip/stm32h743/rcc.h"

#include <stddef.h>
#include <stdint.h>

#define CASE_UNCLEANED   1 /* a DMA reads what the core has written */
#define CASE_DIRTY       2 /* a DMA writes into lines the core has written */
#define CASE_NEIGHBOUR   3 /* a buffer is invalidated that shares its line with a variable */
#define CASE_OVERWRITTEN 4 /* the core writes into a line a DMA has written, and reads the rest of it */
#define CASE_STALE       5 /* as in truth.c, by a page that is read and written all the time */
#define CASE_WHOLE       6 /* the whole cache is invalidated while it is on */
#define CASE_CORE_CLOCK  7 /* the core uses SRAM1 before it has a clock */
#define CASE_DMA_CLOCK   8 /* a DMA writes SRAM2 before it has a clock */
#define CASE_FIRST_WRITE 9 /* as CASE_DIRTY, but the core has written what memory had: zeros */

#define MPU_TEX1     (1U << 19)
#define MPU_SHARED   (1U << 18)
#define AXI          0x24000000U
#define AXI_LOG2     19U
#define SRAM1        0x30000000U
#define SRAM2        0x30020000U
#define SCB_DCCMVAC  MMIO32(0xE000EF68U)
#define SCB_DCCSW    MMIO32(0xE000EF6CU)
#define SCB_DCCIMVAC MMIO32(0xE000EF70U)
#define SCB_DCCISW   MMIO32(0xE000EF74U)
#define SCB_CACR     MMIO32(0xE000EF9CU)
#define FORCEWT      (1U << 2)

#define DONE  0x600DU
#define WORDS 32U
#define HALF  16U

#define STREAM      MMIO32(0x40020410U) /* DMA2 stream 0 */
#define STREAM_NDTR MMIO32(0x40020414U)
#define STREAM_PAR  MMIO32(0x40020418U)
#define STREAM_M0AR MMIO32(0x4002041CU)
#define STREAM_FCR  MMIO32(0x40020424U)
#define DMA2_LISR   MMIO32(0x40020400U)
#define DMA2_LIFCR  MMIO32(0x40020408U)
#define DMA_ENABLE  (2U << 6 | 3U << 9 | 2U << 13 | 2U << 11 | 1U) /* memory to memory, words, both rising */
#define DMA_DONE_FAILED (1U << 5 | 1U << 3)

extern uint32_t stack_top, bss_start, bss_end;

volatile uint32_t outcome;
volatile uint32_t value;
static volatile uint32_t source[WORDS] __attribute__((section(".axi"), aligned(4096)));
static volatile uint32_t target[WORDS] __attribute__((section(".axi"), aligned(32)));
static volatile struct {
    uint32_t buffer[4];
    uint32_t neighbour;
    uint32_t own_line[8];
} shared __attribute__((section(".axi"), aligned(32)));

void reset_handler(void) __attribute__((noreturn));

static __attribute__((noreturn)) void stop(void) {
    for (;;) {
    }
}

static __attribute__((unused)) void by_address(volatile uint32_t *operation, volatile const void *address,
                                               size_t size) {
    core_dsb();
    for (uintptr_t line = (uintptr_t)address & ~(uintptr_t)(CACHE_LINE - 1U);
         line < (uintptr_t)address + size; line += CACHE_LINE) {
        *operation = (uint32_t)line;
    }
    core_dsb();
}

static __attribute__((unused)) void whole(volatile uint32_t *operation) {
    SCB_CSSELR = SCB_CSSELR_L1_DATA;
    core_dsb();
    const uint32_t geometry = SCB_CCSIDR;
    for (uint32_t set = 0; set <= SCB_CCSIDR_SETS(geometry); set++) {
        for (uint32_t way = 0; way <= SCB_CCSIDR_WAYS(geometry); way++) {
            *operation = set << DCISW_SET_POS | way << DCISW_WAY_POS;
        }
    }
    core_dsb();
}

static __attribute__((unused)) void copy_by_dma(volatile const uint32_t *from, volatile uint32_t *to,
                                                uint32_t words) {
    RCC_AHB1ENR |= RCC_AHB1ENR_DMA2EN;
    (void)RCC_AHB1ENR;
    DMA2_LIFCR = 0x3DU;
    STREAM_NDTR = words;
    STREAM_PAR = (uint32_t)(uintptr_t)from;
    STREAM_M0AR = (uint32_t)(uintptr_t)to;
    STREAM_FCR = 1U << 2 | 3U;
    core_dsb();
    STREAM = DMA_ENABLE;
    while ((DMA2_LISR & DMA_DONE_FAILED) == 0U) {
    }
}

static __attribute__((unused)) void axi_is(uint32_t attributes) {
    MPU_RNR = 0;
    MPU_RBAR = AXI;
    MPU_RASR = attributes | 3U << 24 | MPU_RASR_SIZE(AXI_LOG2) | MPU_RASR_ENABLE;
    MPU_CTRL = MPU_CTRL_ENABLE | MPU_CTRL_PRIVDEFENA;
    core_dsb();
    core_isb();
}

static void fill(volatile uint32_t *words, uint32_t first) {
    for (uint32_t i = 0; i < WORDS; i++) {
        words[i] = first + i;
    }
}

static void run(void) {
    fill(source, 100U); /* in memory: the cache is still off */
    (void)target;
    (void)shared;
#if CASE == CASE_UNCLEANED && WAY == 3
    axi_is(MPU_RASR_C); /* written through */
#elif CASE == CASE_UNCLEANED && WAY == 4
    axi_is(MPU_TEX1); /* normal, not cached */
#elif CASE == CASE_UNCLEANED && WAY == 5
    axi_is(MPU_TEX1 | MPU_RASR_C | MPU_RASR_B | MPU_SHARED); /* shareable: a Cortex-M7 does not cache it */
#endif
#if !(CASE == CASE_UNCLEANED && WAY == 6) /* else the cache stays off */
    cache_enable();
#endif

#if CASE == CASE_UNCLEANED
#if WAY == 7
    SCB_CACR |= FORCEWT;
    core_dsb();
    core_isb();
#endif
    fill(source, 200U);
#if WAY == 1
    by_address(&SCB_DCCMVAC, source, sizeof source);
#elif WAY == 2
    whole(&SCB_DCCSW);
#endif
    copy_by_dma(source, target, WORDS);
    by_address(&SCB_DCIMVAC, target, sizeof target);
    value = target[1];

#elif CASE == CASE_DIRTY || CASE == CASE_FIRST_WRITE
    for (uint32_t i = 0; i < WORDS; i++) {
        target[i] = CASE == CASE_DIRTY ? 7U : 0U;
    }
#if WAY == 1
    by_address(&SCB_DCCMVAC, target, sizeof target);
#elif WAY == 2
    by_address(&SCB_DCCIMVAC, target, sizeof target);
#elif WAY == 3
    by_address(&SCB_DCIMVAC, target, sizeof target); /* what was written is not wanted */
#elif WAY == 4
    whole(&SCB_DCCISW);
#endif
    copy_by_dma(source, target, WORDS);
    by_address(&SCB_DCIMVAC, target, sizeof target);
    value = target[1];

#elif CASE == CASE_NEIGHBOUR
    shared.neighbour = 0x12345678U;
    shared.own_line[7] = 0x12345678U;
#if WAY == 1
    by_address(&SCB_DCCIMVAC, shared.buffer, sizeof shared.buffer);
#else
    by_address(&SCB_DCIMVAC, shared.buffer, sizeof shared.buffer);
#endif
#if WAY == 2
    shared.neighbour = 1U; /* written afresh before it is read */
    value = shared.neighbour;
#elif WAY == 3
    value = shared.own_line[7]; /* another line */
#else
    value = shared.neighbour;
#endif

#elif CASE == CASE_OVERWRITTEN
    value = target[0];
    copy_by_dma(source, target, HALF / 2U);
#if WAY == 1
    by_address(&SCB_DCIMVAC, target, sizeof target);
#endif
#if WAY == 2
    target[HALF] = 9U; /* another line */
#else
    target[HALF / 2U - 1U] = 9U;
#endif
    value = 0;

#elif CASE == CASE_STALE
    for (uint32_t round = 0; round < 3000U; round++) {
        target[HALF] = target[HALF] + 1U;
    }
    value = target[0];
    copy_by_dma(source, target, HALF / 2U);
    for (uint32_t round = 0; round < 9000U; round++) {
        target[HALF] = target[HALF] + 1U;
    }
#if WAY == 1
    by_address(&SCB_DCIMVAC, target, HALF * 2U);
#endif
    value = target[1];

#elif CASE == CASE_WHOLE
    shared.neighbour = 0x12345678U;
#if WAY == 1
    whole(&SCB_DCCSW);
#endif
#if WAY == 2
    whole(&SCB_DCCISW);
#else
    whole(&SCB_DCISW);
#endif
    value = shared.neighbour;

#elif CASE == CASE_CORE_CLOCK
#if WAY == 1
    RCC_AHB2ENR |= RCC_AHB2ENR_SRAM1EN;
    (void)RCC_AHB2ENR;
#endif
    for (uint32_t i = 0; i < 100U; i++) {
        MMIO32(SRAM1 + 4U * i) = i;
    }
    value = MMIO32(SRAM1 + 4U);
#if WAY == 1
    RCC_AHB2ENR &= ~RCC_AHB2ENR_SRAM1EN; /* off, and not used any more */
#endif

#elif CASE == CASE_DMA_CLOCK
#if WAY == 1
    RCC_AHB2ENR |= RCC_AHB2ENR_SRAM2EN;
    (void)RCC_AHB2ENR;
#endif
    copy_by_dma(source, (volatile uint32_t *)SRAM2, WORDS);
#else
#error "CASE is 1 to 9"
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
