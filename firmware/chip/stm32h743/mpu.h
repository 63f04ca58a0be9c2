/*
 * Memory protection unit.
 */
#ifndef CHIP_STM32H743_MPU_H
#define CHIP_STM32H743_MPU_H

/* Regions of mpu.c, then on. Run after start-up has copied code to ITCM and before the caches are enabled. */
void mpu_enable(void);

#endif
