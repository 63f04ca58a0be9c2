/*
 * Time: the 1 ms tick (SysTick) and the cycle counter (DWT).
 */
#ifndef CHIP_STM32H743_TIME_H
#define CHIP_STM32H743_TIME_H

#include <stdint.h>

/* Tick every millisecond of a core clock of `core_hz`, and count cycles from zero. */
void time_init(uint32_t core_hz);

#endif
