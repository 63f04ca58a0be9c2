/*
 * Independent watchdog, see iwdg.h. It runs on LSI (32 kHz, -5 % to +6 %) and counts 4095 ticks of 64
 * periods: 8.2 s. A frame takes far less, and so does the wait for a camera that does not answer.
 */
#include "chip/stm32h743/iwdg.h"

#include "chip/stm32h743/mmio.h"
#include "drivers/hal.h"

#define IWDG_BASE       0x58004800U
#define IWDG_KR         MMIO32(IWDG_BASE + 0x00U)
#define IWDG_KR_UNLOCK  0x5555U
#define IWDG_KR_REFRESH 0xAAAAU
#define IWDG_KR_START   0xCCCCU
#define IWDG_PR         MMIO32(IWDG_BASE + 0x04U)
#define IWDG_PR_DIV64   4U
#define IWDG_RLR        MMIO32(IWDG_BASE + 0x08U)
#define IWDG_RLR_MAX    0xFFFU
#define IWDG_SR         MMIO32(IWDG_BASE + 0x0CU)
#define IWDG_SR_PVU     (1U << 0) /* prescaler on its way to the LSI side */
#define IWDG_SR_RVU     (1U << 1) /* reload value on its way */

/* The new values cross to the LSI side within five of its periods (RM0433 "IWDG_SR"), 160 us. */
#define UPDATE_MS 2U

bool iwdg_start(void) {
    IWDG_KR = IWDG_KR_START; /* first: this is what starts LSI */
    IWDG_KR = IWDG_KR_UNLOCK;
    IWDG_PR = IWDG_PR_DIV64;
    IWDG_RLR = IWDG_RLR_MAX;
    const uint32_t start = hal_millis();
    bool updated;
    do {
        updated = (IWDG_SR & (IWDG_SR_PVU | IWDG_SR_RVU)) == 0U;
    } while (!updated && hal_millis() - start <= UPDATE_MS);
    IWDG_KR = IWDG_KR_REFRESH;
    return updated;
}

void hal_watchdog_refresh(void) {
    IWDG_KR = IWDG_KR_REFRESH;
}
