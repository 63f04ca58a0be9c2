/*
 * What the drivers and the application need from a chip. chip/<name>/ implements it on registers; the host
 * tests implement it with a fake, which is why no register, no interrupt number and no address may appear in
 * here.
 *
 * Everything runs in one thread plus interrupt handlers. Unless a comment says otherwise a function is called
 * from the thread only.
 */
#ifndef DRIVERS_HAL_H
#define DRIVERS_HAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- Time ---- */

/* Milliseconds since boot; wraps after 49 days, so compare differences only. */
uint32_t hal_millis(void);

/* Wait at least `ms` milliseconds, asleep between ticks. */
void hal_delay_ms(uint32_t ms);

/* Core cycles, free running, 32 bit: wraps after 8.9 s at 480 MHz. */
uint32_t hal_cycles(void);

/* Sleep until the next interrupt, unless `work_pending()` says that there is something to do already. It is
 * asked with interrupts masked, so an event between the question and the sleep cannot be missed. */
void hal_sleep_unless(bool (*work_pending)(void));

/* Tell the watchdog that the main loop is alive. */
void hal_watchdog_refresh(void);

/* ---- Two-wire bus (SCCB of the camera) ---- */

typedef enum hal_bus_status {
    HAL_BUS_OK = 0,
    HAL_BUS_NO_ANSWER, /* address or data not acknowledged */
    HAL_BUS_STUCK,     /* a line is held low, or arbitration was lost; already tried to free it */
} hal_bus_status_t;

/* START, `address` (7 bit) with write, `size` (1 to 255) bytes, STOP. */
hal_bus_status_t hal_bus_write(uint8_t address, const uint8_t *data, size_t size);

/* START, `address` (7 bit) with read, `size` (1 to 255) bytes, STOP. */
hal_bus_status_t hal_bus_read(uint8_t address, uint8_t *data, size_t size);

/* ---- Camera lines ---- */

/* True pulls the sensor's RESET# low. */
void hal_camera_reset(bool asserted);

/* True drives the sensor's PWDN high. */
void hal_camera_power_down(bool asserted);

/* ---- Frame capture (parallel camera port and its DMA) ---- */

/* Events of one capture, collected by interrupt handlers since hal_capture_start. */
#define HAL_CAPTURE_FRAME_END (1U << 0) /* the camera port saw the end of the frame */
#define HAL_CAPTURE_DATA_END  (1U << 1) /* the last byte is in memory */
#define HAL_CAPTURE_OVERRUN   (1U << 2) /* a pixel came before the previous ones were fetched */
#define HAL_CAPTURE_BUS_ERROR (1U << 3) /* the DMA could not write */
#define HAL_CAPTURE_STORM     (1U << 4) /* interrupts without a cause; they are off until the next start */

/* Capture the next whole frame into `buffer`: `size` bytes, a multiple of 16 and at most 262140, 32-byte
 * aligned, in memory the DMA reaches. False when the DMA stream did not stop; hal_capture_abort then helps.
 */
bool hal_capture_start(void *buffer, uint32_t size);

/* HAL_CAPTURE_ bits seen since the start. */
uint32_t hal_capture_events(void);

/* More came than the running capture has room for: the frame was too long. Means something once both ends were seen. */
bool hal_capture_excess(void);

/* Bytes of the running capture that have not arrived yet. */
uint32_t hal_capture_missing(void);

/* Stop at once, whatever the state, and bring camera port and DMA back to the state after power-on. */
void hal_capture_abort(void);

/* ---- Display (serial interface with a data/command line, and its DMA) ---- */

typedef enum hal_display_kind { HAL_DISPLAY_COMMAND, HAL_DISPLAY_DATA } hal_display_kind_t;

/* Clock and set up the interface; a transfer under way is given up. */
void hal_display_open(void);

/* True pulls the display's reset line low. */
void hal_display_reset(bool asserted);

/* Send `size` (1 to 16) bytes with the data/command line saying `kind`, and wait until they are through. */
void hal_display_write(hal_display_kind_t kind, const uint8_t *bytes, size_t size);

/* Start to send `count` half-words as data, each with its high byte first, and return. A multiple of 8 of them, 16-byte
 * aligned, in memory the DMA reaches, written back from the cache. */
void hal_display_send(const uint16_t *data, uint32_t count);

/* What hal_display_send started is not through yet. */
bool hal_display_busy(void);

/* ---- Data cache ---- */

/* Write the cache lines that hold [address, address + size) back to memory, where a DMA sees them. */
void hal_cache_clean(const void *address, size_t size);

/* Drop the cache lines that hold [address, address + size): 32-byte aligned both, else neighbours suffer. */
void hal_cache_invalidate(const void *address, size_t size);

/* ---- Console UART ---- */

/* Bits a second after a reset; `make UART_BAUD=...` has others. */
#ifndef UART_BAUD
#define UART_BAUD 115200U
#endif

/* Bytes are waiting in the console: the transmitter takes what it has room for now (console_isr_next), and the
 * rest by its interrupt. */
void hal_uart_kick(void);

/* Bits a second from now on; the character on its way goes out first. */
void hal_uart_baud(uint32_t baud);

/* What the UART's interrupt handler tells and asks; drivers/console.c answers. The chip's side includes only
 * this file, so that it knows no driver. */

/* The next byte to send, or -1 when there is none. */
int console_isr_next(void);

/* `byte` has arrived. */
void console_isr_received(uint8_t byte);

/* The UART lost input: the line being typed is not to be trusted. */
void console_isr_lost(void);

#endif
