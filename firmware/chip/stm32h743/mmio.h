/*
 * Access to memory-mapped registers: 32 bit, as every peripheral in this directory wants it, and 8 bit for data
 * registers that take as much as is written.
 */
#ifndef CHIP_STM32H743_MMIO_H
#define CHIP_STM32H743_MMIO_H

#include <stdint.h>

#define MMIO32(address) (*(volatile uint32_t *)(uintptr_t)(address))
#define MMIO8(address)  (*(volatile uint8_t *)(uintptr_t)(address))

#endif
