/*
 * I2C1, the camera's SCCB (RM0433 rev 8, chapter 47 "Inter-integrated circuit (I2C) interface").
 */
#ifndef CHIP_STM32H743_I2C_H
#define CHIP_STM32H743_I2C_H

#include "chip/stm32h743/mmio.h"

#include <stdint.h>

#define I2C1_BASE 0x40005400U

#define I2C_CR1             MMIO32(I2C1_BASE + 0x00U)
#define I2C_CR1_PE          (1U << 0)
#define I2C_CR2             MMIO32(I2C1_BASE + 0x04U)
#define I2C_CR2_SADD7(addr) ((uint32_t)(addr) << 1)
#define I2C_CR2_RD_WRN      (1U << 10)
#define I2C_CR2_START       (1U << 13)
#define I2C_CR2_NBYTES(n)   ((uint32_t)(n) << 16)
#define I2C_CR2_AUTOEND     (1U << 25) /* STOP after NBYTES, and after a NACK */
#define I2C_TIMINGR         MMIO32(I2C1_BASE + 0x10U)
#define I2C_ISR             MMIO32(I2C1_BASE + 0x18U)
#define I2C_ISR_TXE         (1U << 0) /* writing 1 empties TXDR */
#define I2C_ISR_TXIS        (1U << 1)
#define I2C_ISR_RXNE        (1U << 2)
#define I2C_ISR_NACKF       (1U << 4)
#define I2C_ISR_STOPF       (1U << 5)
#define I2C_ISR_BERR        (1U << 8)
#define I2C_ISR_ARLO        (1U << 9)
#define I2C_ISR_BUSY        (1U << 15)
#define I2C_ICR             MMIO32(I2C1_BASE + 0x1CU) /* clears the ISR bits of the same position */
#define I2C_RXDR            MMIO32(I2C1_BASE + 0x24U)
#define I2C_TXDR            MMIO32(I2C1_BASE + 0x28U)

/* Master at 100 kHz. */
void i2c_init(void);

#endif
