/* CoreMark's words on USART3 of an STM32H743. */
#include "bench/coremark/board.h"

#include "chip/stm32h743/clock.h"
#include "chip/stm32h743/rcc.h"
#include "chip/stm32h743/usart.h"

#define BAUD 115200U

uint32_t board_core_hz(void) {
    return CLOCK_CORE_HZ;
}

void board_uart_init(void) {
    RCC_APB1LENR |= RCC_APB1LENR_USART3EN;
    (void)RCC_APB1LENR;
    USART_BRR = (clock_apb1_hz() + BAUD / 2U) / BAUD;
    USART_CR1 = USART_CR1_UE | USART_CR1_TE;
}

void board_put(char character) {
    while ((USART_ISR & USART_ISR_TXFNF) == 0U) {
    }
    USART_TDR = (uint8_t)character;
}
