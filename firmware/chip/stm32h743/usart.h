/*
 * USART3, the console (RM0433 rev 8, chapter 48 "USART", section "USART registers").
 */
#ifndef CHIP_STM32H743_USART_H
#define CHIP_STM32H743_USART_H

#include "chip/stm32h743/mmio.h"

#include <stdint.h>

#define USART3_BASE 0x40004800U

#define USART_CR1             MMIO32(USART3_BASE + 0x00U)
#define USART_CR1_UE          (1U << 0)
#define USART_CR1_RE          (1U << 2)
#define USART_CR1_TE          (1U << 3)
#define USART_CR1_RXNEIE      (1U << 5)
#define USART_CR1_FIFOEN      (1U << 29)
#define USART_CR2             MMIO32(USART3_BASE + 0x04U)
#define USART_CR3             MMIO32(USART3_BASE + 0x08U)
#define USART_CR3_EIE         (1U << 0)  /* interrupt on framing error, noise, overrun */
#define USART_CR3_TXFTIE      (1U << 23) /* interrupt while the FIFO has TXFTCFG empty places */
#define USART_CR3_TXFTCFG_7_8 (4U << 29) /* 14 of 16 */
#define USART_BRR             MMIO32(USART3_BASE + 0x0CU)
#define USART_ISR             MMIO32(USART3_BASE + 0x1CU)
#define USART_ISR_PE          (1U << 0)
#define USART_ISR_FE          (1U << 1)
#define USART_ISR_NE          (1U << 2)
#define USART_ISR_ORE         (1U << 3)
#define USART_ISR_RXNE        (1U << 5)
#define USART_ISR_TC          (1U << 6)                   /* all has left, the FIFO too */
#define USART_ISR_TXFNF       (1U << 7)                   /* the FIFO has room */
#define USART_ICR             MMIO32(USART3_BASE + 0x20U) /* clears the ISR bits of the same position */
#define USART_RDR             MMIO32(USART3_BASE + 0x24U)
#define USART_TDR             MMIO32(USART3_BASE + 0x28U)

/* 8N1 at `baud`, receiver interrupt on; drivers/console.c feeds and drains it. */
void usart_init(uint32_t baud);

/* For fault handlers: no interrupts, no console. Waits for each character, but not for ever. */
void usart_polled_string(const char *string);

/* What the console still has to send, polled; for fault handlers. */
void usart_polled_drain(void);

#endif
