/*
 * I2C1, the camera's SCCB, see i2c.h. Polled: the registers of a camera are written once, and 80 of them take
 * 25 ms. Every wait ends after a few milliseconds, whatever the bus does.
 */
#include "chip/stm32h743/i2c.h"

#include "chip/stm32h743/board.h"
#include "chip/stm32h743/rcc.h"
#include "drivers/hal.h"

/* RM0433 "I2C timings", from PCLK1 = 120 MHz (RCC_D2CCIP2R.I2C123SEL is 0 after reset): PRESC 11 makes ticks
 * of 100 ns; SCL low 5.0 us, high 4.8 us (with the synchronisation delays 100 kHz), data set-up 1.3 us, hold
 * 0.2 us: standard mode with rise times up to 1 us, which long jumper wires want. SCCB allows up to 400 kHz.
 */
#define TIMING_PRESC  11U
#define TIMING_SCLDEL 12U
#define TIMING_SDADEL 2U
#define TIMING_SCLH   47U
#define TIMING_SCLL   49U
#define TIMING                                                                                               \
    (TIMING_PRESC << 28 | TIMING_SCLDEL << 20 | TIMING_SDADEL << 16 | TIMING_SCLH << 8 | TIMING_SCLL)

/* A byte takes 90 us; a slave that stretches the clock for longer than this is not a camera. */
#define WAIT_MS 3U

#define ERRORS (I2C_ISR_NACKF | I2C_ISR_BERR | I2C_ISR_ARLO)

#define UNSTICK_CLOCKS 9U /* a slave in the middle of a byte lets go of SDA after at most nine */

void i2c_init(void) {
    RCC_APB1LENR |= RCC_APB1LENR_I2C1EN;
    (void)RCC_APB1LENR; /* wait for the clock, RM0433 8.5.11 */
    I2C_CR1 = 0;
    I2C_TIMINGR = TIMING;
    I2C_CR1 = I2C_CR1_PE;
}

/* Wait for any bit of `flags`; what ISR showed then, or 0 after WAIT_MS. */
static uint32_t wait_for(uint32_t flags) {
    const uint32_t start = hal_millis();
    do {
        const uint32_t seen = I2C_ISR;
        if ((seen & flags) != 0U) {
            return seen;
        }
    } while (hal_millis() - start <= WAIT_MS);
    return 0;
}

/* A slave that was interrupted in the middle of a byte (a reset of ours, say) holds SDA low until it has been
 * clocked to the end of it: nine clocks by hand, then a STOP (UM10204 section 3.1.16 "Bus clear"). */
static void unstick(void) {
    const gpio_pin_t *const scl = &board_pins[PIN_SCCB_SCL];
    const gpio_pin_t *const sda = &board_pins[PIN_SCCB_SDA];
    I2C_CR1 = 0;
    gpio_write(scl, true);
    gpio_write(sda, true);
    gpio_mode(scl, GPIO_OUTPUT);
    gpio_mode(sda, GPIO_OUTPUT);
    for (uint32_t i = 0; i < UNSTICK_CLOCKS && !gpio_read(sda); i++) {
        gpio_write(scl, false);
        hal_delay_ms(1);
        gpio_write(scl, true);
        hal_delay_ms(1);
    }
    gpio_write(scl, false); /* STOP: SDA rises while SCL is high */
    gpio_write(sda, false);
    hal_delay_ms(1);
    gpio_write(scl, true);
    hal_delay_ms(1);
    gpio_write(sda, true);
    gpio_mode(scl, GPIO_ALTERNATE);
    gpio_mode(sda, GPIO_ALTERNATE);
    I2C_CR1 = I2C_CR1_PE;
}

/* End a transfer that went wrong. `seen` is ISR at that moment, 0 for a time-out. */
static hal_bus_status_t give_up(uint32_t seen) {
    hal_bus_status_t status = HAL_BUS_NO_ANSWER;
    if ((seen & I2C_ISR_NACKF) != 0U) {
        (void)wait_for(I2C_ISR_STOPF); /* AUTOEND sends it */
    } else if (seen != 0U || (I2C_ISR & I2C_ISR_BUSY) != 0U) {
        status = HAL_BUS_STUCK;
    } /* else: no flag, and nothing on the bus: nobody answered the address */
    I2C_ISR = I2C_ISR_TXE;
    I2C_ICR = ERRORS | I2C_ISR_STOPF;
    if (status == HAL_BUS_STUCK) {
        unstick();
    } else {
        /* Clearing PE, for three APB cycles at least, resets the state machine (RM0433 "Software reset"). */
        I2C_CR1 = 0;
        (void)I2C_CR1;
        (void)I2C_CR1;
        (void)I2C_CR1;
        I2C_CR1 = I2C_CR1_PE;
    }
    return status;
}

static hal_bus_status_t begin(uint8_t address, size_t size, uint32_t direction) {
    const uint32_t start = hal_millis();
    while ((I2C_ISR & I2C_ISR_BUSY) != 0U) {
        if (hal_millis() - start > WAIT_MS) {
            return give_up(I2C_ISR_BUSY);
        }
    }
    I2C_ICR = ERRORS | I2C_ISR_STOPF;
    I2C_CR2 = I2C_CR2_SADD7(address) | direction | I2C_CR2_NBYTES(size) | I2C_CR2_AUTOEND | I2C_CR2_START;
    return HAL_BUS_OK;
}

static hal_bus_status_t end(void) {
    const uint32_t seen = wait_for(I2C_ISR_STOPF | ERRORS);
    if (seen == 0U || (seen & ERRORS) != 0U) {
        return give_up(seen);
    }
    I2C_ICR = I2C_ISR_STOPF;
    return HAL_BUS_OK;
}

hal_bus_status_t hal_bus_write(uint8_t address, const uint8_t *data, size_t size) {
    const hal_bus_status_t begun = begin(address, size, 0);
    if (begun != HAL_BUS_OK) {
        return begun;
    }
    for (size_t i = 0; i < size; i++) {
        const uint32_t seen = wait_for(I2C_ISR_TXIS | ERRORS);
        if (seen == 0U || (seen & ERRORS) != 0U) {
            return give_up(seen);
        }
        I2C_TXDR = data[i];
    }
    return end();
}

hal_bus_status_t hal_bus_read(uint8_t address, uint8_t *data, size_t size) {
    const hal_bus_status_t begun = begin(address, size, I2C_CR2_RD_WRN);
    if (begun != HAL_BUS_OK) {
        return begun;
    }
    for (size_t i = 0; i < size; i++) {
        const uint32_t seen = wait_for(I2C_ISR_RXNE | ERRORS);
        if (seen == 0U || (seen & ERRORS) != 0U) {
            return give_up(seen);
        }
        data[i] = (uint8_t)I2C_RXDR;
    }
    return end();
}
