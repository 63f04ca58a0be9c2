/*
 * The clock tree: 8 MHz from the board -> PLL1 -> 480 MHz core, 240 MHz AXI and AHB, 120 MHz APB, 24 MHz on
 * MCO1.
 */
#ifndef CHIP_STM32H743_CLOCK_H
#define CHIP_STM32H743_CLOCK_H

#include <stdint.h>

#define CLOCK_HSE_HZ 8000000U  /* Nucleo-H743ZI: MCO of the on-board debugger, so HSE is in bypass */
#define CLOCK_HSI_HZ 64000000U /* what the chip runs on after reset: core, buses and peripherals */

#define CLOCK_CORE_HZ (480000000U)
#define CLOCK_AHB_HZ  (CLOCK_CORE_HZ / 2U)
#define CLOCK_APB_HZ  (CLOCK_AHB_HZ / 2U)

/* Kernel clock of SPI1, PLL1Q (RCC_D2CCIP1R.SPI123SEL as after reset). */
#define CLOCK_SPI1_HZ 96000000U

/* What did not become ready in time. The chip then still runs on HSI. */
typedef enum clock_status {
    CLOCK_OK = 0,
    CLOCK_NO_SUPPLY, /* PWR_CSR1.ACTVOSRDY after choosing the regulator */
    CLOCK_NO_VOS1,   /* PWR_D3CR.VOSRDY, voltage scale 1 */
    CLOCK_NO_VOS0,   /* PWR_D3CR.VOSRDY, overdrive */
    CLOCK_NO_HSE,    /* RCC_CR.HSERDY: nothing on OSC_IN */
    CLOCK_NO_FLASH,  /* FLASH_ACR does not take the wait states */
    CLOCK_NO_PLL,    /* RCC_CR.PLL1RDY */
    CLOCK_NO_SWITCH, /* RCC_CFGR.SWS does not follow SW */
} clock_status_t;

/* Voltage, flash wait states and PLL in the order the manual asks for, then run on it and start MCO1. */
clock_status_t clock_init(void);

/* Clock of APB1, hence of USART3 and I2C1: CLOCK_APB_HZ after clock_init returned CLOCK_OK, else HSI. */
uint32_t clock_apb1_hz(void);

#endif
