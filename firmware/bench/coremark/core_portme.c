/*
 * CoreMark's port: seeds in volatile variables, time from the core's cycle counter, text to the board's UART.
 * Ticks are core cycles, so "Total ticks" divided by the iterations is cycles an iteration.
 */
#include "coremark.h"

#include "bench/coremark/board.h"

#include <stdarg.h>

#define DEMCR              (*(volatile uint32_t *)0xE000EDFCU)
#define DEMCR_TRCENA       (1U << 24)
#define DWT_CTRL           (*(volatile uint32_t *)0xE0001000U)
#define DWT_CTRL_CYCCNTENA (1U << 0)
#define DWT_CYCCNT         (*(volatile uint32_t *)0xE0001004U)
#define DWT_LAR            (*(volatile uint32_t *)0xE0001FB0U)
#define DWT_LAR_UNLOCK     0xC5ACCE55U

volatile ee_s32 seed1_volatile = 0;
volatile ee_s32 seed2_volatile = 0;
volatile ee_s32 seed3_volatile = 0x66;
volatile ee_s32 seed4_volatile = ITERATIONS;
volatile ee_s32 seed5_volatile = 0;
ee_u32 default_num_contexts = 1;

static CORE_TICKS started, stopped;

void start_time(void) {
    started = DWT_CYCCNT;
}

void stop_time(void) {
    stopped = DWT_CYCCNT;
}

CORE_TICKS get_time(void) {
    return stopped - started;
}

secs_ret time_in_secs(CORE_TICKS ticks) {
    return ticks / board_core_hz();
}

void portable_init(core_portable *port, int *argc, char *argv[]) {
    (void)argc;
    (void)argv;
    board_uart_init();
    DEMCR |= DEMCR_TRCENA;
    DWT_LAR = DWT_LAR_UNLOCK;
    DWT_CYCCNT = 0;
    DWT_CTRL |= DWT_CTRL_CYCCNTENA;
    port->portable_id = 1;
}

void portable_fini(core_portable *port) {
    ee_printf("done\n");
    port->portable_id = 0;
}

static void put_number(uint32_t value, uint32_t base, int width, char pad) {
    char digits[10];
    int count = 0;
    do {
        digits[count++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0U);
    for (int i = count; i < width; i++) {
        board_put(pad);
    }
    while (count > 0) {
        board_put(digits[--count]);
    }
}

/* What CoreMark prints: %s %d %u %x, a width with or without leading zeros, and an `l` that changes nothing. */
int ee_printf(const char *format, ...) {
    va_list values;
    va_start(values, format);
    for (; *format != '\0'; format++) {
        if (*format != '%') {
            board_put(*format);
            continue;
        }
        format++;
        const char pad = *format == '0' ? '0' : ' ';
        int width = 0;
        for (; *format >= '0' && *format <= '9'; format++) {
            width = 10 * width + (*format - '0');
        }
        while (*format == 'l') {
            format++;
        }
        if (*format == 's') {
            for (const char *text = va_arg(values, const char *); *text != '\0'; text++) {
                board_put(*text);
            }
        } else if (*format == 'x' || *format == 'X') {
            put_number(va_arg(values, uint32_t), 16U, width, pad);
        } else if (*format == 'd' || *format == 'i') {
            const int value = va_arg(values, int);
            if (value < 0) {
                board_put('-');
            }
            put_number(value < 0 ? 0U - (uint32_t)value : (uint32_t)value, 10U, width, pad);
        } else if (*format == 'u') {
            put_number(va_arg(values, uint32_t), 10U, width, pad);
        } else {
            board_put(*format);
        }
    }
    va_end(values);
    return 0;
}
