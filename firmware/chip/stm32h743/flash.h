/*
 * Embedded flash memory (RM0433 rev 8, chapter 4, section 4.9 registers).
 */
#ifndef CHIP_STM32H743_FLASH_H
#define CHIP_STM32H743_FLASH_H

#include "chip/stm32h743/mmio.h"

#define FLASH_ACR               MMIO32(0x52002000U + 0x000U)
#define FLASH_ACR_LATENCY(ws)   ((ws) << 0)
#define FLASH_ACR_WRHIGHFREQ(n) ((n) << 4)

#endif
