/*
 * Says its name, blinks twice a second, and answers the letter h (reference manual RM0090).
 */
#include <stdint.h>

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define RCC_AHB1ENR REGISTER(0x40023830)
#define RCC_APB1ENR REGISTER(0x40023840)
#define GPIOD_MODER REGISTER(0x40020C00)
#define GPIOD_ODR REGISTER(0x40020C14)
#define USART2_SR REGISTER(0x40004400)
#define USART2_DR REGISTER(0x40004404)
#define USART2_CR1 REGISTER(0x4000440C)
#define SYSTICK_CTRL REGISTER(0xE000E010)
#define SYSTICK_LOAD REGISTER(0xE000E014)
#define SYSTICK_VAL REGISTER(0xE000E018)

#define GPIOD_CLOCK (1U << 3)
#define USART2_CLOCK (1U << 17)
#define LED (1U << 12)
#define USART_RECEIVED (1U << 5)
#define USART_EMPTY (1U << 7)
#define USART_ON (1U << 13 | 1U << 3 | 1U << 2) /* UE, TE, RE */
#define CYCLES_PER_MILLISECOND 16000U
#define BLINK_MILLISECONDS 250U

static uint32_t milliseconds;

static void say(const char *text) {
    for (; *text != '\0'; text++) {
        while ((USART2_SR & USART_EMPTY) == 0U) {
        }
        USART2_DR = (uint32_t)*text;
    }
}

void tick(void) {
    milliseconds++;
    if (milliseconds % BLINK_MILLISECONDS == 0U) {
        GPIOD_ODR ^= LED;
    }
}

void reset(void) {
    RCC_AHB1ENR |= GPIOD_CLOCK;
    RCC_APB1ENR |= USART2_CLOCK;
    GPIOD_MODER |= 1U << 24;
    USART2_CR1 = USART_ON;
    SYSTICK_LOAD = CYCLES_PER_MILLISECOND - 1U;
    SYSTICK_VAL = 0;
    SYSTICK_CTRL = 7;
    say("PROJECT 1.0\r\n");
    for (;;) {
        if ((USART2_SR & USART_RECEIVED) != 0U && USART2_DR == 'h') {
            say("hello\r\n");
        }
    }
}

static void stop(void) {
    for (;;) {
    }
}

extern uint32_t stack_top;
__attribute__((section(".vectors"), used)) static const void *const vectors[16] = {
    &stack_top, reset, stop, stop, stop, stop, stop, 0, 0, 0, 0, stop, stop, 0, stop, tick,
};
