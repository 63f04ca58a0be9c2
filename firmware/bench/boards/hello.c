/* Boots a bare Cortex-M4 board to its full speed and says so on its UART: what `crosscam` is tried with.
 *
 * Built with -DSTM32L4R5 (MSI 4 MHz, PLL to 120 MHz, LPUART1), -DSTM32F407 or -DSTM32F446 (HSI 16 MHz, PLL to 168 or
 * 180 MHz, USART2). Registers: RM0432, RM0090, RM0390. It answers each character with the cycles a hundred turns of a
 * loop take.
 */

#include <stdint.h>

#define REG(address) (*(volatile uint32_t *)(address))

#if defined(STM32L4R5)
#define RCC       0x40021000U
#define FLASH_ACR REG(0x40022000U)
#define UART      0x40008000U
#define MEGAHERTZ 120U
#else
#define RCC       0x40023800U
#define FLASH_ACR REG(0x40023C00U)
#define UART      0x40004400U
#if defined(STM32F407)
#define MEGAHERTZ 168U
#else
#define MEGAHERTZ 180U
#endif
#endif

#define BAUD_RATE         115200U
#define FLASH_WAIT_STATES 5U
#define DEMCR             REG(0xE000EDFCU)
#define DWT_CTRL          REG(0xE0001000U)
#define DWT_CYCCNT        REG(0xE0001004U)

extern uint32_t stack_top[];
void start(void);

__attribute__((section(".vectors"), used)) static void *const vectors[] = {stack_top, (void *)start};

#if defined(STM32L4R5)
static void clocks_init(void) {
    REG(RCC + 0x58) |= 1U << 28;                /* PWREN */
    REG(0x40007080U) &= ~(1U << 8);             /* CR5.R1MODE: boost */
    FLASH_ACR = 0x700U | FLASH_WAIT_STATES;     /* both caches, prefetch */
    REG(RCC + 0x0C) = 1U | 60U << 8 | 1U << 24; /* MSI * 60 / 2 */
    REG(RCC + 0x00) |= 1U << 24;                /* PLLON */
    while (!(REG(RCC + 0x00) & 1U << 25)) {
    }
    REG(RCC + 0x08) = 3U;
    while ((REG(RCC + 0x08) & 0xCU) != 0xCU) {
    }
}

static void uart_init(void) {
    REG(RCC + 0x5C) |= 1U; /* LPUART1EN */
    REG(UART + 0x0C) = (uint32_t)(256ULL * MEGAHERTZ * 1000000U / BAUD_RATE);
    REG(UART + 0x00) = 0xDU; /* UE, RE, TE */
}

static void put(char character) {
    while (!(REG(UART + 0x1C) & 1U << 7)) {
    }
    REG(UART + 0x28) = (uint8_t)character;
}

static void wait_character(void) {
    while (!(REG(UART + 0x1C) & 1U << 5)) {
    }
    (void)REG(UART + 0x24);
}
#else
static void clocks_init(void) {
    REG(RCC + 0x40) |= 1U << 28; /* PWREN */
    FLASH_ACR = 0x700U | FLASH_WAIT_STATES;
    REG(RCC + 0x04) = 8U | MEGAHERTZ << 6 | 7U << 24 | 2U << 28; /* HSI / 8 * n / 2 */
    REG(RCC + 0x00) |= 1U << 24;
    while (!(REG(RCC + 0x00) & 1U << 25)) {
    }
    REG(RCC + 0x08) = 2U | 5U << 10 | 4U << 13; /* PLL; APB1 a quarter, APB2 half */
    while ((REG(RCC + 0x08) & 0xCU) != 8U) {
    }
}

static void uart_init(void) {
    REG(RCC + 0x40) |= 1U << 17; /* USART2EN */
    REG(UART + 0x08) = MEGAHERTZ * 1000000U / 4U / BAUD_RATE;
    REG(UART + 0x0C) = 1U << 13 | 1U << 3 | 1U << 2; /* UE, TE, RE */
}

static void put(char character) {
    while (!(REG(UART + 0x00) & 1U << 7)) {
    }
    REG(UART + 0x04) = (uint8_t)character;
}

static void wait_character(void) {
    while (!(REG(UART + 0x00) & 1U << 5)) {
    }
    (void)REG(UART + 0x04);
}
#endif

static void say(const char *text) {
    while (*text) {
        put(*text++);
    }
}

static void say_number(uint32_t value) {
    char digits[10];
    int count = 0;
    do {
        digits[count++] = (char)('0' + value % 10U);
        value /= 10U;
    } while (value);
    while (count) {
        put(digits[--count]);
    }
}

/* Two cycles a subtraction and its branch taken back, and the last one's two: 100 turns. */
__attribute__((naked, noinline, aligned(16))) static void turn_around(void) {
    __asm volatile("movs r0, #100\n"
                   "1: subs r0, #1\n"
                   "bne 1b\n"
                   "bx lr");
}

void start(void) {
    DEMCR |= 1U << 24;
    DWT_CTRL |= 1U;
    clocks_init();
    uart_init();
    say("core ");
    say_number(MEGAHERTZ);
    say(" MHz\r\n");
    for (;;) {
        wait_character();
        turn_around(); /* into the cache */
        uint32_t before = DWT_CYCCNT;
        turn_around();
        uint32_t cycles = DWT_CYCCNT - before;
        say("loop ");
        say_number(cycles);
        say("\r\n");
    }
}
