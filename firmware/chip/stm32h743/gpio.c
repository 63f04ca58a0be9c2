/*
 * General-purpose I/Os, see gpio.h.
 */
#include "chip/stm32h743/gpio.h"

/* Replace the `width`-bit field number `index` of `reg`. */
static void set_field(volatile uint32_t *reg, uint32_t index, uint32_t width, uint32_t value) {
    const uint32_t shift = index * width;
    const uint32_t mask = (1U << width) - 1U;
    *reg = (*reg & ~(mask << shift)) | value << shift;
}

void gpio_configure(const gpio_pin_t *pins, uint32_t count) {
    for (const gpio_pin_t *p = pins; p < pins + count; p++) {
        /* Mode last: the pin never shows a half configured function. */
        set_field(&GPIO_OTYPER(p->port), p->pin, 1, p->type);
        set_field(&GPIO_OSPEEDR(p->port), p->pin, 2, p->speed);
        set_field(&GPIO_PUPDR(p->port), p->pin, 2, p->pull);
        set_field(&GPIO_AFR(p->port, p->pin / 8U), p->pin % 8U, 4, p->function);
        gpio_mode(p, p->mode);
    }
}

void gpio_mode(const gpio_pin_t *pin, gpio_mode_t mode) {
    set_field(&GPIO_MODER(pin->port), pin->pin, 2, mode);
}

void gpio_write(const gpio_pin_t *pin, bool level) {
    GPIO_BSRR(pin->port) = 1U << (pin->pin + (level ? 0U : 16U));
}

bool gpio_read(const gpio_pin_t *pin) {
    return (GPIO_IDR(pin->port) >> pin->pin & 1U) != 0U;
}
