/* What CoreMark's port asks of a board: board_<chip>.c. */
#ifndef BENCH_COREMARK_BOARD_H
#define BENCH_COREMARK_BOARD_H

#include <stdint.h>

/* Hertz of the core. */
uint32_t board_core_hz(void);

/* The UART that CoreMark prints on, at 115200 baud. */
void board_uart_init(void);
void board_put(char character);

#endif
