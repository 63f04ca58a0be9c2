/*
 * From reset to main: what the vector table, the start-up code and the fault handlers share. Symbols with an
 * address but no content come from the linker script.
 */
#ifndef CHIP_STM32H743_STARTUP_H
#define CHIP_STM32H743_STARTUP_H

#include <stdint.h>

/* stm32h743.ld */
extern uint32_t stack_guard, stack_bottom, stack_top, fault_stack_top;
extern uint32_t itcm_start, itcm_end, data_start, data_end, bss_start, bss_end;
extern const uint32_t itcm_image, data_image, flash_end, image_seal;
extern uint32_t axi_start, axi_end, ram_d2_start, ram_d2_end, ram_d3_start, ram_d3_end;

/* What unused stack is filled with: 0xC5 bytes, an odd address and no instruction. */
#define STACK_PAINT 0xC5C5C5C5U

void reset_handler(void) __attribute__((noreturn));
void fault_handler(void) __attribute__((noreturn));
void default_handler(void) __attribute__((noreturn));

int main(void);

#endif
