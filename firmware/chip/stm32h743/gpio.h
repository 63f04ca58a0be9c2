/*
 * General-purpose I/Os (RM0433 rev 8, chapter 11, section 11.4 registers).
 */
#ifndef CHIP_STM32H743_GPIO_H
#define CHIP_STM32H743_GPIO_H

#include "chip/stm32h743/mmio.h"

#include <stdbool.h>
#include <stdint.h>

#define GPIO_BASE(port)    (0x58020000U + 0x400U * (port))
#define GPIO_MODER(port)   MMIO32(GPIO_BASE(port) + 0x00U) /* two bits a pin */
#define GPIO_OTYPER(port)  MMIO32(GPIO_BASE(port) + 0x04U) /* 1: open drain */
#define GPIO_OSPEEDR(port) MMIO32(GPIO_BASE(port) + 0x08U) /* two bits a pin */
#define GPIO_PUPDR(port)   MMIO32(GPIO_BASE(port) + 0x0CU) /* two bits a pin */
#define GPIO_IDR(port)     MMIO32(GPIO_BASE(port) + 0x10U)
#define GPIO_BSRR(port)    MMIO32(GPIO_BASE(port) + 0x18U) /* set in [15:0], reset in [31:16] */
#define GPIO_AFR(port, n)                                                                                    \
    MMIO32(GPIO_BASE(port) + 0x20U + 4U * (n)) /* four bits a pin, eight pins a word   \
                                                                      */

typedef enum gpio_port {
    GPIO_A = 0,
    GPIO_B = 1,
    GPIO_C = 2,
    GPIO_D = 3,
    GPIO_E = 4,
    GPIO_F = 5,
    GPIO_G = 6,
} gpio_port_t;

/* Values are the register's. */
typedef enum gpio_mode { GPIO_INPUT = 0, GPIO_OUTPUT = 1, GPIO_ALTERNATE = 2 } gpio_mode_t;
typedef enum gpio_type { GPIO_PUSH_PULL = 0, GPIO_OPEN_DRAIN = 1 } gpio_type_t;
typedef enum gpio_speed { GPIO_LOW = 0, GPIO_MEDIUM = 1, GPIO_HIGH = 2, GPIO_VERY_HIGH = 3 } gpio_speed_t;
typedef enum gpio_pull { GPIO_NO_PULL = 0, GPIO_PULL_UP = 1, GPIO_PULL_DOWN = 2 } gpio_pull_t;

typedef struct gpio_pin {
    gpio_port_t port;
    uint8_t pin; /* 0 to 15 */
    gpio_mode_t mode;
    uint8_t function; /* alternate function 0 to 15; DS12110 tables "Port x alternate functions" */
    gpio_type_t type;
    gpio_speed_t speed;
    gpio_pull_t pull;
} gpio_pin_t;

/* Configure pins; the ports' clocks have to run. */
void gpio_configure(const gpio_pin_t *pins, uint32_t count);

/* Change the mode alone, to take a pin from its peripheral for a while. */
void gpio_mode(const gpio_pin_t *pin, gpio_mode_t mode);

void gpio_write(const gpio_pin_t *pin, bool level);
bool gpio_read(const gpio_pin_t *pin);

#endif
