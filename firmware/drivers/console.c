/*
 * The console, see console.h.
 */
#include "drivers/console.h"

#include "drivers/hal.h"
#include "lib/errors.h"
#include "lib/ring.h"

#define OUTPUT_SIZE    4096U /* a profile listing fits, so that measuring is not slowed by printing */
#define KEYBOARD_SIZE  512U
#define STALL_LIMIT_MS 100U
/* From what USB adapters take to a sixteenth of the 120 MHz that clock the UART. */
#define BAUD_LEAST      1200U
#define BAUD_MOST       6000000U
#define BAUD_PAUSE_MS   100U
#define KEY_BACKSPACE   0x08
#define KEY_DELETE      0x7F
#define FIRST_PRINTABLE 0x20
#define LAST_PRINTABLE  0x7E

static uint8_t output_data[OUTPUT_SIZE];
static uint8_t keyboard_data[KEYBOARD_SIZE];
static ring_t output;
static ring_t keyboard;
static volatile bool keyboard_lost;
static uint32_t present_baud;
static bool output_dead;     /* the transmitter stalled: drop output at once until it moves again */
static uint32_t output_lost; /* bytes dropped that were not told yet */

static struct {
    char line[CONSOLE_INPUT_MAX + 1U];
    uint32_t length;
    bool spoiled;   /* too long, or characters were lost */
    bool after_cr;  /* a LF right now belongs to the CR before it */
    bool on_screen; /* the terminal's cursor is not at the start of a line */
} input;

void console_init(void) {
    output = (ring_t){.data = output_data, .size = OUTPUT_SIZE};
    keyboard = (ring_t){.data = keyboard_data, .size = KEYBOARD_SIZE};
    keyboard_lost = false;
    present_baud = CONSOLE_BAUD;
    input.length = 0;
    input.spoiled = false;
    input.after_cr = false;
    input.on_screen = false;
    output_dead = false;
    output_lost = 0;
}

static void put(char character) {
    if (ring_put(&output, (uint8_t)character)) {
        output_dead = false;
        return;
    }
    hal_uart_kick();
    uint32_t left = ring_count(&output);
    uint32_t since = hal_millis();
    while (!ring_put(&output, (uint8_t)character)) {
        if (ring_count(&output) != left) {
            left = ring_count(&output);
            since = hal_millis();
        } else if (output_dead || hal_millis() - since > STALL_LIMIT_MS) {
            output_dead = true;
            output_lost++;
            return;
        }
    }
}

static void put_string(const char *string) {
    while (*string != '\0') {
        put(*string++);
    }
}

/* Said as soon as the transmitter has made room for it: what was printed before is on its way by then. */
static void tell_loss(void) {
    if (output_lost == 0U || ring_count(&output) > OUTPUT_SIZE / 2U) {
        return;
    }
    char buffer[80];
    text_t line;
    text_init(&line, buffer, sizeof buffer);
    error_begin(&line, ERROR_CONSOLE_LOST);
    text_string(&line, " (");
    text_unsigned(&line, output_lost, 0);
    text_string(&line, " bytes)");
    output_lost = 0;
    put_string("\r\n"); /* the line before may have lost its end */
    put_string(buffer);
    put_string("\r\n");
}

void console_line(const char *line) {
    tell_loss();
    if (input.on_screen) {
        put_string("\r\n");
        input.on_screen = false;
    }
    put_string(line);
    put_string("\r\n");
    hal_uart_kick();
}

void console_text(const text_t *line) {
    console_line(line->data);
}

static void echo(const char *string, bool on_screen) {
    put_string(string);
    input.on_screen = on_screen;
    hal_uart_kick();
}

/* Enter: what the line amounts to. The text stays for console_input(). */
static console_event_t finish_line(void) {
    const bool spoiled = input.spoiled;
    const bool empty = input.length == 0U;
    echo("\r\n", false);
    input.line[input.length] = '\0';
    input.length = 0;
    input.spoiled = false;
    if (spoiled) {
        return CONSOLE_TOO_LONG;
    }
    return empty ? CONSOLE_NOTHING : CONSOLE_COMMAND;
}

static console_event_t key(int character) {
    const bool after_cr = input.after_cr;
    input.after_cr = character == '\r';
    if (character == '\n' && after_cr) {
        return CONSOLE_NOTHING;
    }
    if (character == '\r' || character == '\n') {
        return finish_line();
    }
    if (character == KEY_BACKSPACE || character == KEY_DELETE) {
        if (input.length > 0U) {
            input.length--;
            echo("\b \b", input.on_screen);
        }
        return CONSOLE_NOTHING;
    }
    if (input.length >= CONSOLE_INPUT_MAX) {
        input.spoiled = true;
        return CONSOLE_NOTHING;
    }
    /* Control characters are kept as '?': the command is wrong then, and says so without upsetting a
     * terminal. */
    const bool printable = character >= FIRST_PRINTABLE && character <= LAST_PRINTABLE;
    const char shown[2] = {printable ? (char)character : '?', '\0'};
    input.line[input.length++] = shown[0];
    echo(shown, true);
    return CONSOLE_NOTHING;
}

console_event_t console_poll(void) {
    if (keyboard_lost) {
        keyboard_lost = false;
        input.spoiled = true;
    }
    for (;;) {
        const int character = ring_take(&keyboard);
        if (character < 0) {
            return CONSOLE_NOTHING;
        }
        const console_event_t event = key(character);
        if (event != CONSOLE_NOTHING) {
            return event;
        }
    }
}

const char *console_input(void) {
    return input.line;
}

int console_raw(void) {
    keyboard_lost = false; /* whoever reads bytes as they came has a check of its own */
    return ring_take(&keyboard);
}

bool console_baud_possible(uint32_t baud) {
    return baud >= BAUD_LEAST && baud <= BAUD_MOST;
}

static uint32_t enough; /* bytes in the output that are waited for */

static bool is_low(void) {
    return ring_count(&output) <= enough;
}

/* Asleep until the output is down to `bytes`, but not for a transmitter that does not move. */
static void wait_down_to(uint32_t bytes) {
    hal_uart_kick();
    enough = bytes;
    uint32_t left = ring_count(&output);
    uint32_t since = hal_millis();
    while (!is_low() && hal_millis() - since <= STALL_LIMIT_MS) {
        hal_sleep_unless(is_low);
        const uint32_t now = ring_count(&output);
        since = now != left ? hal_millis() : since;
        left = now;
    }
}

void console_make_room(void) {
    wait_down_to(OUTPUT_SIZE / 2U);
}

void console_set_baud(uint32_t baud) {
    if (baud == present_baud) {
        return;
    }
    wait_down_to(0);
    hal_uart_baud(baud);
    present_baud = baud;
    hal_delay_ms(BAUD_PAUSE_MS);
}

bool console_input_waiting(void) {
    return ring_count(&keyboard) > 0U;
}

int console_isr_next(void) {
    return ring_take(&output);
}

void console_isr_received(uint8_t byte) {
    if (!ring_put(&keyboard, byte)) {
        keyboard_lost = true;
    }
}

void console_isr_lost(void) {
    keyboard_lost = true;
}
