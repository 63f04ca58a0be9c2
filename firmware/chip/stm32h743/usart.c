/*
 * USART3, the console, see usart.h.
 *
 * A line starts with what the FIFO takes, written by whoever prints it; the rest goes by an interrupt for every
 * fourteen characters, when the FIFO is that much emptier. An interrupt a character would cost a frame of the camera
 * ten times as many, while the core computes.
 */
#include "chip/stm32h743/usart.h"

#include "chip/stm32h743/clock.h"
#include "chip/stm32h743/core.h"
#include "chip/stm32h743/rcc.h"
#include "drivers/hal.h"

#define RECEIVE_ERRORS (USART_ISR_PE | USART_ISR_FE | USART_ISR_NE | USART_ISR_ORE)

/* Polls for one character to leave: 480 MHz / 10 cycles a poll is 20 ms, two hundred characters at 115200
 * baud. */
#define POLL_LIMIT 1000000U

void usart_init(uint32_t baud) {
    RCC_APB1LENR |= RCC_APB1LENR_USART3EN;
    (void)RCC_APB1LENR; /* wait for the clock, RM0433 8.5.11 */
    /* Kernel clock: RCC_D2CCIP2R.USART234578SEL is 0 after reset, PCLK1. Oversampling by 16, divider rounded.
     */
    USART_CR1 = 0;
    USART_CR2 = 0;
    USART_CR3 = USART_CR3_EIE | USART_CR3_TXFTCFG_7_8;
    USART_BRR = (clock_apb1_hz() + baud / 2U) / baud;
    USART_ICR = RECEIVE_ERRORS;
    USART_CR1 = USART_CR1_UE | USART_CR1_TE | USART_CR1_RE | USART_CR1_RXNEIE | USART_CR1_FIFOEN;
    nvic_enable(IRQ_USART3, PRIORITY_CONSOLE);
}

/* What the transmitter takes now; the interrupt asks for more as long as there is some. True when it took any. */
static bool feed_transmitter(void) {
    bool fed = false;
    uint32_t interrupt = USART_CR3_TXFTIE;
    while ((USART_ISR & USART_ISR_TXFNF) != 0U) {
        const int byte = console_isr_next();
        if (byte < 0) {
            interrupt = 0U;
            break;
        }
        USART_TDR = (uint32_t)byte;
        fed = true;
    }
    USART_CR3 = (USART_CR3 & ~USART_CR3_TXFTIE) | interrupt;
    return fed;
}

void usart3_irq_handler(void);
void usart3_irq_handler(void) {
    const uint32_t errors = USART_ISR & RECEIVE_ERRORS;
    bool had_cause = errors != 0U;
    if (errors != 0U) {
        USART_ICR = errors;
        console_isr_lost();
    }
    while ((USART_ISR & USART_ISR_RXNE) != 0U) {
        console_isr_received((uint8_t)USART_RDR);
        had_cause = true;
    }
    if ((USART_CR3 & USART_CR3_TXFTIE) != 0U) {
        had_cause = feed_transmitter() || had_cause;
    }
    (void)nvic_is_storm(IRQ_USART3, had_cause); /* off until there is something to say again */
}

void hal_uart_kick(void) {
    /* The handler takes from the same queue: one of them at a time. */
    core_interrupts_off();
    (void)feed_transmitter();
    nvic_pend(IRQ_USART3); /* for what is left, also where a request was lost or a storm was ended */
    core_interrupts_on();
}

void hal_uart_baud(uint32_t baud) {
    for (uint32_t polls = 0; (USART_ISR & USART_ISR_TC) == 0U && polls < POLL_LIMIT; polls++) {
    }
    core_interrupts_off();
    USART_CR1 &= ~USART_CR1_UE; /* BRR is written with the USART off, RM0433 48.8.4 */
    USART_BRR = (clock_apb1_hz() + baud / 2U) / baud;
    USART_CR1 |= USART_CR1_UE;
    core_interrupts_on();
}

static void polled_character(char character) {
    for (uint32_t polls = 0; (USART_ISR & USART_ISR_TXFNF) == 0U; polls++) {
        if (polls == POLL_LIMIT) {
            return;
        }
    }
    USART_TDR = (uint8_t)character;
}

void usart_polled_string(const char *string) {
    while (*string != '\0') {
        polled_character(*string++);
    }
}

void usart_polled_drain(void) {
    for (int byte = console_isr_next(); byte >= 0; byte = console_isr_next()) {
        polled_character((char)byte);
    }
}
