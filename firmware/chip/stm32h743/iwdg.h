/*
 * Independent watchdog (RM0433 rev 8, chapter 45 "Independent watchdog (IWDG)").
 */
#ifndef CHIP_STM32H743_IWDG_H
#define CHIP_STM32H743_IWDG_H

#include <stdbool.h>

/* Start it: from now on the chip is reset unless hal_watchdog_refresh comes at least every 8 seconds. It
 * cannot be stopped again. False when its clock (LSI) does not run: nothing is watched then. */
bool iwdg_start(void);

#endif
