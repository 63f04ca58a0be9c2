/*
 * What a fault leaves behind, in SRAM4, for the boot after it.
 */
#ifndef CHIP_STM32H743_FAULTS_H
#define CHIP_STM32H743_FAULTS_H

#include "lib/text.h"

#include <stdbool.h>

/* Append "<kind> (PC=... LR=... ...)" of the fault before this boot, once: the record is erased. False when
 * there was none. */
bool faults_take_last(text_t *text);

#endif
