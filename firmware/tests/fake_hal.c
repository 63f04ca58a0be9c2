/*
 * drivers/hal.h for the host tests: every function asks the table that the test installed (app_host.py).
 */
#include "drivers/hal.h"

typedef struct fake_hal {
    uint32_t (*millis)(void);
    uint32_t (*cycles)(void);
    void (*delay_ms)(uint32_t ms);
    int (*bus_write)(uint8_t address, const uint8_t *data, size_t size);
    int (*bus_read)(uint8_t address, uint8_t *data, size_t size);
    void (*camera_reset)(bool asserted);
    void (*camera_power_down)(bool asserted);
    bool (*capture_start)(void *buffer, uint32_t size);
    uint32_t (*capture_events)(void);
    bool (*capture_excess)(void);
    uint32_t (*capture_missing)(void);
    void (*capture_abort)(void);
    void (*cache_invalidate)(const void *address, size_t size);
    void (*cache_clean)(const void *address, size_t size);
    void (*display_open)(void);
    void (*display_reset)(bool asserted);
    void (*display_write)(int kind, const uint8_t *bytes, size_t size);
    void (*display_send)(const uint16_t *data, uint32_t count);
    bool (*display_busy)(void);
    void (*uart_kick)(void);
    void (*sleep)(void);
    void (*uart_baud)(uint32_t baud);
} fake_hal_t;

static const fake_hal_t *hal;

void fake_hal_install(const fake_hal_t *table);
void fake_hal_install(const fake_hal_t *table) {
    hal = table;
}

uint32_t hal_millis(void) {
    return hal->millis();
}

uint32_t hal_cycles(void) {
    return hal->cycles();
}

void hal_delay_ms(uint32_t ms) {
    hal->delay_ms(ms);
}

hal_bus_status_t hal_bus_write(uint8_t address, const uint8_t *data, size_t size) {
    return (hal_bus_status_t)hal->bus_write(address, data, size);
}

hal_bus_status_t hal_bus_read(uint8_t address, uint8_t *data, size_t size) {
    return (hal_bus_status_t)hal->bus_read(address, data, size);
}

void hal_camera_reset(bool asserted) {
    hal->camera_reset(asserted);
}

void hal_camera_power_down(bool asserted) {
    hal->camera_power_down(asserted);
}

bool hal_capture_start(void *buffer, uint32_t size) {
    return hal->capture_start(buffer, size);
}

uint32_t hal_capture_events(void) {
    return hal->capture_events();
}

bool hal_capture_excess(void) {
    return hal->capture_excess();
}

uint32_t hal_capture_missing(void) {
    return hal->capture_missing();
}

void hal_capture_abort(void) {
    hal->capture_abort();
}

void hal_cache_invalidate(const void *address, size_t size) {
    hal->cache_invalidate(address, size);
}

void hal_cache_clean(const void *address, size_t size) {
    hal->cache_clean(address, size);
}

void hal_display_open(void) {
    hal->display_open();
}

void hal_display_reset(bool asserted) {
    hal->display_reset(asserted);
}

void hal_display_write(hal_display_kind_t kind, const uint8_t *bytes, size_t size) {
    hal->display_write((int)kind, bytes, size);
}

void hal_display_send(const uint16_t *data, uint32_t count) {
    hal->display_send(data, count);
}

bool hal_display_busy(void) {
    return hal->display_busy();
}

void hal_uart_kick(void) {
    hal->uart_kick();
}

void hal_uart_baud(uint32_t baud) {
    hal->uart_baud(baud);
}

void hal_watchdog_refresh(void) {}

void hal_sleep_unless(bool (*work_pending)(void)) {
    if (!work_pending()) {
        hal->sleep();
    }
}
