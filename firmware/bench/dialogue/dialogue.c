/*
 * A benchmark image of our own for the STM32F746: it speaks the dialogue of MLPerf Tiny's images on USART1, received by
 * interrupt as theirs is, and stands in for them where they are not ours to ship. Its "network" adds up the input
 * LOOPS times, so that an inference has a known length. Runs at the 16 MHz of HSI; registers from RM0385.
 * With -DENERGY its time stamps are pulses of PA8, open drain as an energy monitor's input wants it; PA9 is low before
 * anybody listens, and let go at the first command. With -DSTREAMING and streaming.c it listens instead of being loaded.
 */
#include <stddef.h>
#include <stdint.h>

#ifdef STREAMING
#include "streaming.h"
#endif

#define MMIO32(address) (*(volatile uint32_t *)(address))

#define RCC_APB1ENR  MMIO32(0x40023840U)
#define RCC_APB2ENR  MMIO32(0x40023844U)
#define TIM2EN       (1U << 0)
#define USART1EN     (1U << 4)
#define TIM2_CR1     MMIO32(0x40000000U)
#define TIM2_EGR     MMIO32(0x40000014U)
#define TIM2_CNT     MMIO32(0x40000024U)
#define TIM2_PSC     MMIO32(0x40000028U)
#define USART1_CR1   MMIO32(0x40011000U)
#define USART1_BRR   MMIO32(0x4001100CU)
#define USART1_ISR   MMIO32(0x4001101CU)
#define USART1_RDR   MMIO32(0x40011024U)
#define USART1_TDR   MMIO32(0x40011028U)
#define RCC_AHB1ENR  MMIO32(0x40023830U)
#define GPIOAEN      (1U << 0)
#define GPIOA_MODER  MMIO32(0x40020000U)
#define GPIOA_OTYPER MMIO32(0x40020004U)
#define GPIOA_BSRR   MMIO32(0x40020018U)
#define PA8_PA9_OUT  (1U << 16 | 1U << 18)
#define PA8_HIGH     (1U << 8)
#define PA8_LOW      (1U << 24)
#define PA9_HIGH     (1U << 9)
#define NVIC_ISER1   MMIO32(0xE000E104U)
#define USART1_BIT   (1U << (37U - 32U))
#define UE_RE_TE_RXN (1U << 0 | 1U << 2 | 1U << 3 | 1U << 5)
#define ISR_TXE      (1U << 7)

#define TIMER_HZ   108000000U /* what the board description clocks TIM2 with */
#define UART_HZ    108000000U
#define BAUD       921600U
#define COMMAND    80U
#define INPUT      512U
#define LOOPS      50U
#define TERMINATOR '%'
#ifdef STREAMING
#define MODEL "sww01"
#define LAST  57U
#else
#define MODEL "kws01"
#define LAST  37U
#endif

extern uint32_t stack_top, bss_start, bss_end;

static volatile char received[COMMAND + 1U];
static volatile uint32_t received_count;
static char command[COMMAND + 1U];
static volatile uint32_t command_ready;
static uint8_t input[INPUT];
static uint32_t input_size, input_filled;
static uint32_t sum;

void reset_handler(void);
void usart1_handler(void);

void usart1_handler(void) {
    const char character = (char)USART1_RDR;
    if (character == TERMINATOR) {
        for (uint32_t i = 0; i < received_count; i++) {
            command[i] = received[i];
        }
        command[received_count] = '\0';
        received_count = 0;
        command_ready = 1;
    } else if (received_count < COMMAND) {
        received[received_count++] = character;
    }
}

static void put(const char *text) {
    for (; *text != '\0'; text++) {
        while ((USART1_ISR & ISR_TXE) == 0U) {
        }
        USART1_TDR = (uint8_t)*text;
    }
}

static void put_number(uint32_t value) {
    char digits[11];
    uint32_t at = sizeof digits - 1U;
    digits[at] = '\0';
    do {
        digits[--at] = (char)('0' + value % 10U);
        value /= 10U;
    } while (value != 0U);
    put(&digits[at]);
}

static uint32_t starts_with(const char *text, const char *word) {
    uint32_t length = 0;
    for (; word[length] != '\0'; length++) {
        if (text[length] != word[length]) {
            return 0;
        }
    }
    return length;
}

static uint32_t number(const char **text) {
    uint32_t value = 0;
    while (**text == ' ') {
        (*text)++;
    }
    for (; **text >= '0' && **text <= '9'; (*text)++) {
        value = 10U * value + (uint32_t)(**text - '0');
    }
    return value;
}

static uint32_t nibble(char digit) {
    return digit <= '9' ? (uint32_t)(digit - '0') : (uint32_t)(digit - 'a' + 10);
}

__attribute__((noinline)) static void infer(void) {
    uint32_t total = 0;
    for (uint32_t loop = 0; loop < LOOPS; loop++) {
        for (uint32_t i = 0; i < input_size; i++) {
            total += input[i];
            __asm__ volatile("" : "+r"(total)); /* one addition a byte, as written */
        }
    }
    sum = total / LOOPS;
}

static void lap(void) {
#ifdef ENERGY
    const uint32_t start = TIM2_CNT;
    GPIOA_BSRR = PA8_LOW;
    while (TIM2_CNT - start < 2U) {
    }
    GPIOA_BSRR = PA8_HIGH;
#else
    put("m-lap-us-");
    put_number(TIM2_CNT);
    put("\r\n");
#endif
}

static void run_inferences(const char *arguments) {
    const uint32_t count = number(&arguments);
    const uint32_t warm_up = number(&arguments);
    if (count == 0U) {
        put("e-[Inference iterations must be >0]\r\n");
        return;
    }
    for (uint32_t i = 0; i < warm_up; i++) {
        infer();
    }
    lap();
    for (uint32_t i = 0; i < count; i++) {
        infer();
    }
    lap();
    put("m-results-[");
    put_number(sum / 1000U);
    put(".");
    put_number(sum % 1000U / 100U);
    put_number(sum % 100U / 10U);
    put_number(sum % 10U);
    put("]\r\n");
}

static void fill(const char *digits) {
    for (; digits[0] != '\0' && input_filled < input_size; digits += 2) {
        input[input_filled++] = (uint8_t)(nibble(digits[0]) << 4 | nibble(digits[1]));
        if (input_filled == input_size) {
            put("m-load-done\r\n");
        }
    }
}

static void obey(const char *text) {
    uint32_t length;
    if (starts_with(text, "name") != 0U) {
        put("m-name-dut-[crosscam stand-in]\r\n");
    } else if (starts_with(text, "timestamp") != 0U) {
#ifdef ENERGY
        GPIOA_BSRR = PA9_HIGH;
#endif
        lap();
    } else if (starts_with(text, "profile") != 0U) {
        put("m-profile-[crosscam]\r\nm-model-[" MODEL "]\r\n");
#ifdef STREAMING
    } else if (starts_with(text, "start") != 0U) {
        listening_start();
    } else if (starts_with(text, "stop") != 0U) {
        listening_stop();
#endif
    } else if ((length = starts_with(text, "db load")) != 0U) {
        const char *arguments = text + length;
        input_size = number(&arguments);
        input_filled = 0;
        if (input_size > INPUT) {
            input_size = 0;
            put("e-[Supplied buffer size exceeds maximum]\r\n");
        }
    } else if ((length = starts_with(text, "db ")) != 0U) {
        fill(text + length);
    } else if ((length = starts_with(text, "infer")) != 0U) {
        run_inferences(text + length);
    } else {
        put("e-[Unknown command: ");
        put(text);
        put("]\r\n");
    }
}

void reset_handler(void) {
    for (volatile uint32_t *word = &bss_start; word < &bss_end; word++) {
        *word = 0;
    }
    RCC_APB1ENR |= TIM2EN;
    RCC_APB2ENR |= USART1EN;
    (void)RCC_APB2ENR;
    TIM2_PSC = TIMER_HZ / 1000000U - 1U;
    TIM2_EGR = 1;
    TIM2_CR1 = 1;
    USART1_BRR = UART_HZ / BAUD;
    USART1_CR1 = UE_RE_TE_RXN;
    NVIC_ISER1 = USART1_BIT;
#ifdef ENERGY
    RCC_AHB1ENR |= GPIOAEN;
    (void)RCC_AHB1ENR;
    GPIOA_BSRR = PA8_HIGH;
    GPIOA_OTYPER = PA8_HIGH;
    GPIOA_MODER |= PA8_PA9_OUT;
    put("m-timestamp-mode-energy\r\nm-ready\r\n");
#else
    put("m-timestamp-mode-performance\r\nm-ready\r\n");
#endif
    for (;;) {
        while (command_ready == 0U) {
        }
        command_ready = 0;
        obey(command);
        put("m-ready\r\n");
    }
}

static void stop(void) {
    for (;;) {
    }
}

__attribute__((section(".vectors"), used)) static void *const vectors[16 + LAST + 1] = {
    [0] = &stack_top,
    [1] = (void *)reset_handler,
    [2] = (void *)stop,
    [3] = (void *)stop,
    [4] = (void *)stop,
    [5] = (void *)stop,
    [6] = (void *)stop,
    [16 + 37] = (void *)usart1_handler,
#ifdef STREAMING
    [16 + 57] = (void *)dma2_stream1_handler,
#endif
};
