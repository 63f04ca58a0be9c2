/*
 * Level 1 caches, see cache.h. The sequences are those of DDI 0403E B3.2.5 and PM0253 4.8.
 */
#include "chip/stm32h743/cache.h"

#include "chip/stm32h743/core.h"

static void invalidate_all_data(void) {
    SCB_CSSELR = SCB_CSSELR_L1_DATA;
    core_dsb();
    const uint32_t geometry = SCB_CCSIDR;
    for (uint32_t set = 0; set <= SCB_CCSIDR_SETS(geometry); set++) {
        for (uint32_t way = 0; way <= SCB_CCSIDR_WAYS(geometry); way++) {
            SCB_DCISW = set << DCISW_SET_POS | way << DCISW_WAY_POS;
        }
    }
    core_dsb();
}

void cache_enable(void) {
    core_dsb();
    core_isb();
    SCB_ICIALLU = 0;
    core_dsb();
    core_isb();
    SCB_CCR |= SCB_CCR_IC;
    core_dsb();
    core_isb();
    /* After power-on the tags hold noise: an enabled cache would hit on it. */
    invalidate_all_data();
    SCB_CCR |= SCB_CCR_DC;
    core_dsb();
    core_isb();
}

/* Name every line of [address, address + size) to a maintenance register. */
static void maintain(volatile uint32_t *operation, const void *address, size_t size) {
    const uintptr_t end = (uintptr_t)address + size;
    core_dsb(); /* earlier stores first */
    for (uintptr_t line = (uintptr_t)address & ~(uintptr_t)(CACHE_LINE - 1U); line < end;
         line += CACHE_LINE) {
        *operation = (uint32_t)line;
    }
    core_dsb();
    core_isb();
}

void cache_invalidate(const void *address, size_t size) {
    maintain(&SCB_DCIMVAC, address, size);
}

void cache_clean(const void *address, size_t size) {
    maintain(&SCB_DCCMVAC, address, size);
}
