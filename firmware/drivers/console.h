/*
 * The console: whole lines out, edited lines in, over one UART. Output goes through a ring buffer emptied by
 * the transmitter's interrupt, so printing a line costs the main loop microseconds, not the milliseconds it
 * takes on the wire. Input is collected by interrupt, echoed and edited by console_poll in the main loop: an
 * echo never lands inside a line being printed.
 */
#ifndef DRIVERS_CONSOLE_H
#define DRIVERS_CONSOLE_H

#include "drivers/hal.h"
#include "lib/text.h"

#include <stdbool.h>
#include <stdint.h>

/* Longest command, terminator not included. */
#define CONSOLE_INPUT_MAX 31U

typedef enum console_event {
    CONSOLE_NOTHING,  /* no complete line yet */
    CONSOLE_COMMAND,  /* a line was entered; console_input() is it */
    CONSOLE_TOO_LONG, /* a line was entered that did not fit, or part of it was lost */
} console_event_t;

/* Forget all input and output. */
void console_init(void);

/* One line: `line`, CR, LF. Starts on a new line when somebody is in the middle of typing. Waits while the
 * buffer is full, but not for a transmitter that does not move: after 100 ms without progress the rest is
 * dropped, and told once it moves again (CONSOLE_LOST). */
void console_line(const char *line);
void console_text(const text_t *line);

/* Take in what was typed since the last call; at most one event a call. CR, LF or both end a line, backspace
 * and DEL take back a character, empty lines are ignored. */
console_event_t console_poll(void);

/* The line of the last CONSOLE_COMMAND; valid until the next console_poll. */
const char *console_input(void);

/* Half of the buffer is free then: whoever prints much sleeps here instead of waiting in console_line. */
void console_make_room(void);

/* The next byte as it came, without echo or editing; -1 when there is none. For what is no command. */
int console_raw(void);

/* The console's own speed, bits a second. */
#define CONSOLE_BAUD UART_BAUD

/* Whether the UART can be as fast, or as slow. */
bool console_baud_possible(uint32_t baud);

/* Everything out, then go on at `baud` after a pause in which the other end changes its speed; nothing happens when
 * that is the speed already. */
void console_set_baud(uint32_t baud);

/* Something was typed that console_poll has not seen. Callable with interrupts masked. */
bool console_input_waiting(void);

#endif
