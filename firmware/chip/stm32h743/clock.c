/*
 * Power and clock tree (RM0433 rev 8: 6.6.2 "Voltage scaling", 6.4.1 "System supply startup", 8.5 "RCC clock
 * functional description", table "FLASH recommended number of wait states and programming delay").
 *
 *   HSE 8 MHz / M 1 = 8 MHz, x N 120 = VCO 960 MHz
 *   VCO / P 2 = 480 MHz core; VCO / Q 10 = 96 MHz, / 4 = 24 MHz on MCO1; SPI1 runs on the 96 MHz
 *
 * 480 MHz needs voltage scale 0 and silicon revision V; revision Y ends at 400 MHz (DS12110, "General
 * operating conditions"). MCO1 comes from PLL1 and not from HSI48 because the sensor's frame rate hangs on
 * it: the crystal is a hundred times more exact than an RC oscillator.
 */
#include "chip/stm32h743/clock.h"

#include "chip/stm32h743/flash.h"
#include "chip/stm32h743/pwr.h"
#include "chip/stm32h743/rcc.h"

#include <stdbool.h>

#define PLL1_M 1U
#define PLL1_N 120U
#define PLL1_P 2U
#define PLL1_Q 10U
#define PLL1_R 2U /* not used, kept at its reset value */

#define MCO1_DIVIDER 4U

/* Voltage scale 0, AXI at 240 MHz: 4 wait states, programming delay 2. */
#define FLASH_WAIT_STATES 4U
#define FLASH_WRHIGHFREQ  2U

_Static_assert(CLOCK_HSE_HZ / PLL1_M * PLL1_N / PLL1_P == CLOCK_CORE_HZ, "PLL1 does not make the core clock");
_Static_assert(CLOCK_HSE_HZ / PLL1_M * PLL1_N <= 960000000U, "PLL1 VCO above its range");
_Static_assert(CLOCK_HSE_HZ / PLL1_M * PLL1_N / PLL1_Q == CLOCK_SPI1_HZ, "PLL1Q is not SPI1's clock");
_Static_assert(CLOCK_HSE_HZ / PLL1_M * PLL1_N / PLL1_Q / MCO1_DIVIDER == 24000000U, "MCO1 is not 24 MHz");

/* Polls before giving up. A poll takes 10 cycles or more, so on HSI (64 MHz) this is at least 150 ms: a
 * hundred times the slowest of these waits (HSE start-up 2 ms, VOS ramp and PLL lock below 1 ms;
 * DS12110 6.3). */
#define POLL_LIMIT 100000U

static uint32_t apb1_hz = CLOCK_HSI_HZ;

static bool wait_for(volatile uint32_t *reg, uint32_t mask, uint32_t value) {
    for (uint32_t polls = 0; polls < POLL_LIMIT; polls++) {
        if ((*reg & mask) == value) {
            return true;
        }
    }
    return false;
}

static clock_status_t raise_voltage(void) {
    /* The supply has to be chosen, once after power-on, before VOS may change; the write locks the choice. */
    PWR_CR3 = PWR_CR3_LDOEN;
    if (!wait_for(&PWR_CSR1, PWR_CSR1_ACTVOSRDY, PWR_CSR1_ACTVOSRDY)) {
        return CLOCK_NO_SUPPLY;
    }
    PWR_D3CR = (PWR_D3CR & ~PWR_D3CR_VOS_MASK) | PWR_D3CR_VOS_SCALE1;
    if (!wait_for(&PWR_D3CR, PWR_D3CR_VOSRDY, PWR_D3CR_VOSRDY)) {
        return CLOCK_NO_VOS1;
    }
    /* Scale 0 is scale 1 with overdrive, and only reachable from a ready scale 1. */
    RCC_APB4ENR |= RCC_APB4ENR_SYSCFGEN;
    (void)RCC_APB4ENR; /* the clock is there two cycles after the write: reading back waits (RM0433 8.5.11) */
    SYSCFG_PWRCR |= SYSCFG_PWRCR_ODEN;
    if (!wait_for(&PWR_D3CR, PWR_D3CR_VOSRDY, PWR_D3CR_VOSRDY)) {
        return CLOCK_NO_VOS0;
    }
    return CLOCK_OK;
}

static clock_status_t start_pll(void) {
    RCC_CR |= RCC_CR_HSEBYP;
    RCC_CR |= RCC_CR_HSEON;
    if (!wait_for(&RCC_CR, RCC_CR_HSERDY, RCC_CR_HSERDY)) {
        return CLOCK_NO_HSE;
    }
    RCC_PLLCKSELR = (RCC_PLLCKSELR & ~(RCC_PLLCKSELR_DIVM1_MASK | RCC_PLLCKSELR_SRC_MASK)) |
                    RCC_PLLCKSELR_HSE | RCC_PLLCKSELR_DIVM1(PLL1_M);
    RCC_PLL1DIVR =
        RCC_PLL1DIVR_N(PLL1_N) | RCC_PLL1DIVR_P(PLL1_P) | RCC_PLL1DIVR_Q(PLL1_Q) | RCC_PLL1DIVR_R(PLL1_R);
    RCC_PLLCFGR = (RCC_PLLCFGR & ~(RCC_PLLCFGR_PLL1FRACEN | RCC_PLLCFGR_PLL1VCOSEL | RCC_PLLCFGR_DIVR1EN)) |
                  RCC_PLLCFGR_PLL1RGE_8_16 | RCC_PLLCFGR_DIVP1EN | RCC_PLLCFGR_DIVQ1EN;
    RCC_CR |= RCC_CR_PLL1ON;
    return wait_for(&RCC_CR, RCC_CR_PLL1RDY, RCC_CR_PLL1RDY) ? CLOCK_OK : CLOCK_NO_PLL;
}

static clock_status_t run_on_pll(void) {
    /* Going faster: wait states and bus dividers first, the switch last. */
    const uint32_t acr = FLASH_ACR_LATENCY(FLASH_WAIT_STATES) | FLASH_ACR_WRHIGHFREQ(FLASH_WRHIGHFREQ);
    FLASH_ACR = acr;
    if (!wait_for(&FLASH_ACR, 0xFFFFFFFFU, acr)) {
        return CLOCK_NO_FLASH;
    }
    RCC_D1CFGR = RCC_D1CFGR_HPRE_2 | RCC_D1CFGR_D1PPRE_2 | RCC_D1CFGR_D1CPRE_1;
    RCC_D2CFGR = RCC_D2CFGR_D2PPRE1_2 | RCC_D2CFGR_D2PPRE2_2;
    RCC_D3CFGR = RCC_D3CFGR_D3PPRE_2;
    apb1_hz = CLOCK_HSI_HZ / 4U; /* still on HSI, but divided */

    /* MCO1 in the same write: its divider may only change while it is off, which it is after reset. */
    RCC_CFGR = RCC_CFGR_SW_PLL1 | RCC_CFGR_MCO1_PLL1Q | RCC_CFGR_MCO1PRE(MCO1_DIVIDER);
    if (!wait_for(&RCC_CFGR, RCC_CFGR_SWS_MASK, RCC_CFGR_SWS_PLL1)) {
        return CLOCK_NO_SWITCH;
    }
    apb1_hz = CLOCK_APB_HZ;
    return CLOCK_OK;
}

clock_status_t clock_init(void) {
    clock_status_t status = raise_voltage();
    if (status == CLOCK_OK) {
        status = start_pll();
    }
    if (status == CLOCK_OK) {
        status = run_on_pll();
    }
    return status;
}

uint32_t clock_apb1_hz(void) {
    return apb1_hz;
}
