/*
 * The board as a whole, see platform.h; and the few hal functions that are a pin.
 */
#include "platform.h"

#include "chip/stm32h743/board.h"
#include "chip/stm32h743/cache.h"
#include "chip/stm32h743/clock.h"
#include "chip/stm32h743/dcmi.h"
#include "chip/stm32h743/faults.h"
#include "chip/stm32h743/i2c.h"
#include "chip/stm32h743/iwdg.h"
#include "chip/stm32h743/mpu.h"
#include "chip/stm32h743/rcc.h"
#include "chip/stm32h743/startup.h"
#include "chip/stm32h743/time.h"
#include "chip/stm32h743/usart.h"
#include "drivers/hal.h"

#include <stddef.h>

#define KIB 1024U

static uint32_t core_hz = CLOCK_HSI_HZ;
static const char *reset_cause = "unknown";

static error_t clock_problem(clock_status_t status) {
    switch (status) {
    case CLOCK_OK:
        return ERROR_NONE;
    case CLOCK_NO_SUPPLY:
        return ERROR_CLOCK_SUPPLY;
    case CLOCK_NO_VOS1:
        return ERROR_CLOCK_VOS1;
    case CLOCK_NO_VOS0:
        return ERROR_CLOCK_VOS0;
    case CLOCK_NO_HSE:
        return ERROR_CLOCK_HSE;
    case CLOCK_NO_FLASH:
        return ERROR_CLOCK_FLASH;
    case CLOCK_NO_PLL:
        return ERROR_CLOCK_PLL;
    default:
        return ERROR_CLOCK_SWITCH;
    }
}

/* RCC_RSR collects the causes of all resets since it was cleared; a pin reset comes along with every other.
 */
static const char *take_reset_cause(void) {
    const uint32_t flags = RCC_RSR;
    RCC_RSR |= RCC_RSR_RMVF;
    RCC_RSR &= ~RCC_RSR_RMVF;
    if ((flags & RCC_RSR_PORRSTF) != 0U) {
        return "power-on";
    }
    if ((flags & RCC_RSR_BORRSTF) != 0U) { /* set with every power-on, too */
        return "brown-out";
    }
    if ((flags & RCC_RSR_IWDGRSTF) != 0U) {
        return "watchdog";
    }
    if ((flags & RCC_RSR_SFTRSTF) != 0U) {
        return "software";
    }
    return (flags & RCC_RSR_PINRSTF) != 0U ? "pin" : "unknown";
}

error_t platform_init(void) {
    mpu_enable();
    cache_enable();
    reset_cause = take_reset_cause();
    const clock_status_t status = clock_init();
    if (status == CLOCK_OK) {
        core_hz = CLOCK_CORE_HZ;
    }
    time_init(core_hz);
    const bool watched = iwdg_start();
    board_init();
    usart_init(UART_BAUD);
    i2c_init();
    dcmi_init();
    if (status != CLOCK_OK) {
        return clock_problem(status);
    }
    return watched ? ERROR_NONE : ERROR_WATCHDOG_OFF;
}

void platform_image(platform_image_t *image) {
    extern const uint32_t vector_table;
    *image = (platform_image_t){
        .start = (const uint8_t *)&vector_table,
        .size = (uint32_t)((uintptr_t)&image_seal - (uintptr_t)&vector_table),
        .seal = image_seal,
    };
}

uint32_t platform_core_hz(void) {
    return core_hz;
}

uint32_t platform_bus_hz(void) {
    return core_hz == CLOCK_CORE_HZ ? CLOCK_AHB_HZ : core_hz;
}

const char *platform_reset_cause(void) {
    return reset_cause;
}

#define BYTES(start, end) ((uint32_t)((uintptr_t)&(end) - (uintptr_t)&(start)))

uint32_t platform_memories(const platform_memory_t **memories) {
    static platform_memory_t table[] = {
        {"flash", 0, 2048U * KIB},   {"ITCM", 0, 64U * KIB},     {"DTCM", 0, 128U * KIB},
        {"AXI SRAM", 0, 512U * KIB}, {"SRAM1-3", 0, 288U * KIB}, {"SRAM4", 0, 64U * KIB},
    };
    extern const uint32_t vector_table;
    table[0].used = BYTES(vector_table, flash_end);
    table[1].used = BYTES(itcm_start, itcm_end);
    table[2].used = BYTES(stack_guard, bss_end);
    table[3].used = BYTES(axi_start, axi_end);
    table[4].used = BYTES(ram_d2_start, ram_d2_end);
    table[5].used = BYTES(ram_d3_start, ram_d3_end);
    *memories = table;
    return sizeof table / sizeof table[0];
}

uint32_t platform_stack_used(void) {
    const uint32_t *word = &stack_bottom;
    while (word < &stack_top && *word == STACK_PAINT) {
        word++;
    }
    return BYTES(*word, stack_top);
}

uint32_t platform_stack_size(void) {
    return BYTES(stack_bottom, stack_top);
}

bool platform_last_fault(text_t *text) {
    return faults_take_last(text);
}

void hal_camera_reset(bool asserted) {
    gpio_write(&board_pins[PIN_CAMERA_RESET], !asserted);
}

void hal_camera_power_down(bool asserted) {
    gpio_write(&board_pins[PIN_CAMERA_PWDN], asserted);
}

void hal_cache_clean(const void *address, size_t size) {
    cache_clean(address, size);
}

void hal_cache_invalidate(const void *address, size_t size) {
    cache_invalidate(address, size);
}
