/*
 * Reset and clock control (RM0433 rev 8, chapter 8 "Reset and Clock Control (RCC)", section 8.7 registers).
 */
#ifndef CHIP_STM32H743_RCC_H
#define CHIP_STM32H743_RCC_H

#include "chip/stm32h743/mmio.h"

#define RCC_BASE 0x58024400U

#define RCC_CR         MMIO32(RCC_BASE + 0x000U)
#define RCC_CR_HSEON   (1U << 16)
#define RCC_CR_HSERDY  (1U << 17)
#define RCC_CR_HSEBYP  (1U << 18)
#define RCC_CR_PLL1ON  (1U << 24)
#define RCC_CR_PLL1RDY (1U << 25)

#define RCC_CFGR              MMIO32(RCC_BASE + 0x010U)
#define RCC_CFGR_SW_PLL1      (3U << 0)
#define RCC_CFGR_SWS_MASK     (7U << 3)
#define RCC_CFGR_SWS_PLL1     (3U << 3)
#define RCC_CFGR_MCO1PRE(div) ((div) << 18)
#define RCC_CFGR_MCO1_PLL1Q   (3U << 22)

#define RCC_D1CFGR           MMIO32(RCC_BASE + 0x018U)
#define RCC_D1CFGR_HPRE_2    (8U << 0) /* AXI and AHB: core clock / 2 */
#define RCC_D1CFGR_D1PPRE_2  (4U << 4) /* APB3: AHB / 2 */
#define RCC_D1CFGR_D1CPRE_1  (0U << 8) /* core: system clock undivided */
#define RCC_D2CFGR           MMIO32(RCC_BASE + 0x01CU)
#define RCC_D2CFGR_D2PPRE1_2 (4U << 4) /* APB1: AHB / 2 */
#define RCC_D2CFGR_D2PPRE2_2 (4U << 8) /* APB2: AHB / 2 */
#define RCC_D3CFGR           MMIO32(RCC_BASE + 0x020U)
#define RCC_D3CFGR_D3PPRE_2  (4U << 4) /* APB4: AHB / 2 */

#define RCC_PLLCKSELR            MMIO32(RCC_BASE + 0x028U)
#define RCC_PLLCKSELR_HSE        (2U << 0)
#define RCC_PLLCKSELR_DIVM1(div) ((div) << 4)
#define RCC_PLLCKSELR_DIVM1_MASK (0x3FU << 4)
#define RCC_PLLCKSELR_SRC_MASK   (3U << 0)
#define RCC_PLLCFGR              MMIO32(RCC_BASE + 0x02CU)
#define RCC_PLLCFGR_PLL1FRACEN   (1U << 0)
#define RCC_PLLCFGR_PLL1VCOSEL   (1U << 1) /* 0: wide range, 192 to 960 MHz; 1: medium range */
#define RCC_PLLCFGR_PLL1RGE_8_16 (3U << 2) /* PLL1 input between 8 and 16 MHz */
#define RCC_PLLCFGR_DIVP1EN      (1U << 16)
#define RCC_PLLCFGR_DIVQ1EN      (1U << 17)
#define RCC_PLLCFGR_DIVR1EN      (1U << 18)
#define RCC_PLL1DIVR             MMIO32(RCC_BASE + 0x030U)
#define RCC_PLL1DIVR_N(n)        (((n) - 1U) << 0)
#define RCC_PLL1DIVR_P(div)      (((div) - 1U) << 9)
#define RCC_PLL1DIVR_Q(div)      (((div) - 1U) << 16)
#define RCC_PLL1DIVR_R(div)      (((div) - 1U) << 24)

#define RCC_AHB1RSTR         MMIO32(RCC_BASE + 0x080U)
#define RCC_AHB1RSTR_DMA1RST (1U << 0)
#define RCC_AHB1RSTR_DMA2RST (1U << 1)
#define RCC_AHB2RSTR         MMIO32(RCC_BASE + 0x084U)
#define RCC_AHB2RSTR_DCMIRST (1U << 0)
#define RCC_APB2RSTR         MMIO32(RCC_BASE + 0x098U)
#define RCC_APB2RSTR_SPI1RST (1U << 12)

/* Why the chip was reset; bits stay until RMVF is written. */
#define RCC_RSR          MMIO32(RCC_BASE + 0x0D0U)
#define RCC_RSR_RMVF     (1U << 16)
#define RCC_RSR_BORRSTF  (1U << 21)
#define RCC_RSR_PINRSTF  (1U << 22)
#define RCC_RSR_PORRSTF  (1U << 23)
#define RCC_RSR_SFTRSTF  (1U << 24)
#define RCC_RSR_IWDGRSTF (1U << 26)

#define RCC_AHB1ENR           MMIO32(RCC_BASE + 0x0D8U)
#define RCC_AHB1ENR_DMA1EN    (1U << 0)
#define RCC_AHB1ENR_DMA2EN    (1U << 1)
#define RCC_AHB2ENR           MMIO32(RCC_BASE + 0x0DCU)
#define RCC_AHB2ENR_DCMIEN    (1U << 0)
#define RCC_AHB2ENR_SRAM1EN   (1U << 29)
#define RCC_AHB2ENR_SRAM2EN   (1U << 30)
#define RCC_AHB2ENR_SRAM3EN   (1U << 31)
#define RCC_AHB4ENR           MMIO32(RCC_BASE + 0x0E0U)
#define RCC_AHB4ENR_GPIO(n)   (1U << (n)) /* 0 for port A ... 10 for port K */
#define RCC_APB1LENR          MMIO32(RCC_BASE + 0x0E8U)
#define RCC_APB1LENR_USART3EN (1U << 18)
#define RCC_APB1LENR_I2C1EN   (1U << 21)
#define RCC_APB2ENR           MMIO32(RCC_BASE + 0x0F0U)
#define RCC_APB2ENR_SPI1EN    (1U << 12)
#define RCC_APB4ENR           MMIO32(RCC_BASE + 0x0F4U)
#define RCC_APB4ENR_SYSCFGEN  (1U << 1)

#endif
