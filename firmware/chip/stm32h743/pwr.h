/*
 * Power control (RM0433 rev 8, chapter 6 "Power control (PWR)", section 6.8 registers), and the one register
 * of SYSCFG that belongs to it (chapter 12, SYSCFG_PWRCR).
 */
#ifndef CHIP_STM32H743_PWR_H
#define CHIP_STM32H743_PWR_H

#include "chip/stm32h743/mmio.h"

#define PWR_BASE 0x58024800U

#define PWR_CSR1           MMIO32(PWR_BASE + 0x004U)
#define PWR_CSR1_ACTVOSRDY (1U << 13) /* the running voltage level is the configured one */
#define PWR_CR3            MMIO32(PWR_BASE + 0x00CU)
#define PWR_CR3_BYPASS     (1U << 0) /* core supplied from outside */
#define PWR_CR3_LDOEN      (1U << 1) /* core supplied by the internal regulator */
#define PWR_CR3_SCUEN   (1U << 2) /* supply configuration not locked yet; locked by the first write of CR3 */
#define PWR_D3CR        MMIO32(PWR_BASE + 0x018U)
#define PWR_D3CR_VOSRDY (1U << 13)
#define PWR_D3CR_VOS_MASK   (3U << 14)
#define PWR_D3CR_VOS_SCALE1 (3U << 14)

#define SYSCFG_PWRCR      MMIO32(0x58000400U + 0x02CU)
#define SYSCFG_PWRCR_ODEN (1U << 0) /* overdrive: voltage scale 1 becomes scale 0 */

#endif
