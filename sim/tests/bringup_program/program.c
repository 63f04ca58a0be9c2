// What firmware does on its first boot, well and badly: -DCASE=name chooses one of the functions below.
// Runs on board.repl at 2 MHz and, but for its times, on an STM32H743; says things on USART3.
#include <stdint.h>

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define USART1            0x40011000u
#define USART3            0x40004800u
#define GPIOB_MODER       REGISTER(0x58020400u)
#define GPIOB_ODR         REGISTER(0x58020414u)
#define SYSTICK(offset)   REGISTER(0xE000E010u + (offset))
#define TIM2(offset)      REGISTER(0x40000000u + (offset))
#define IWDG(offset)      REGISTER(0x58004800u + (offset))
#define AIRCR             REGISTER(0xE000ED0Cu)
#define NOT_THERE         REGISTER(0x5A000000u) /* a hole among the peripherals */
#define NOWHERE           REGISTER(0x70000000u) /* a bus fault */
#define MARK              REGISTER(0x20010000u) /* outlives a reset */
#define CASE_FUNCTION     CASE

#define OFTEN __attribute__((unused)) static
enum { HERTZ = 2000000, TICK = HERTZ / 1000, WAIT = 300 };

static volatile uint32_t tick_count, flag;

static void put(uint32_t usart, char character) {
    REGISTER(usart) = 0xD; /* UE, RE, TE */
    while (!(REGISTER(usart + 0x1C) & 1u << 7)) {
    }
    REGISTER(usart + 0x28) = (uint32_t)character;
}

static void say_on(uint32_t usart, const char *text) {
    while (*text) {
        put(usart, *text++);
    }
}

static void say(const char *text) {
    say_on(USART3, text);
}

static void start_ticks(uint32_t control) {
    SYSTICK(4) = TICK - 1;
    SYSTICK(8) = 0;
    SYSTICK(0) = control;
}

static void start_watchdog(void) {
    IWDG(0) = 0xCCCC;
    IWDG(0) = 0x5555;
    IWDG(8) = 100; /* 101 periods of 125 us */
    IWDG(0) = 0xAAAA;
}

OFTEN void delay(uint32_t milliseconds) {
    const uint32_t start = tick_count;
    while (tick_count - start < milliseconds) {
    }
}

// Stuck

OFTEN void poll(void) {
    while (NOT_THERE != 0xDEADBEEF) {
    }
}

OFTEN void polls_a_control_register(void) {
    while (!(REGISTER(USART3) & 1u << 30)) {
    }
}

OFTEN void poll_with_ticks(void) {
    start_ticks(7);
    poll();
}

OFTEN void tick_masked(void) {
    start_ticks(7);
    __asm volatile("cpsid i");
    delay(10);
}

OFTEN void flag_never(void) {
    start_ticks(7);
    while (!flag) {
    }
}

OFTEN void waits_for_a_key(void) {
    REGISTER(USART3) = 0x2D;         /* UE, RE, TE, RXNEIE */
    REGISTER(0xE000E104u) = 1u << 7; /* interrupt 39 */
    flag_never();
}

__attribute__((noinline, unused)) static uint32_t helper(void) {
    return GPIOB_MODER;
}

OFTEN void polls_with_a_helper(void) {
    while (NOT_THERE + helper() != 0xDEADBEEF) {
    }
}

OFTEN void panic(void) {
    start_ticks(7);
    __asm volatile("cpsid i");
    for (;;) {
    }
}

OFTEN void fault(void) {
    say("before\r\n");
    NOWHERE = 1;
}

OFTEN void fault_twice(void) {
    flag = 2; /* for HardFault_Handler */
    NOWHERE = 1;
}

OFTEN void reset_for_ever(void) {
    say("hello\r\n");
    AIRCR = 0x05FA0004;
    for (;;) {
    }
}

OFTEN void watchdog_bites(void) {
    say("up\r\n");
    start_watchdog();
    poll();
}

OFTEN void fed_but_stuck(void) {
    start_watchdog();
    while (NOT_THERE != 0xDEADBEEF) {
        IWDG(0) = 0xAAAA;
    }
}

OFTEN void watchdog_once(void) {
    say("up\r\n");
    if (MARK == 0xB17E) {
        say("after the watchdog\r\n");
        for (;;) {
        }
    }
    MARK = 0xB17E;
    start_watchdog();
    poll();
}

OFTEN void reset_and_count(void) {
    if (MARK > 100) {
        MARK = 0;
    }
    say("boot ");
    put(USART3, (char)('0' + MARK));
    say("\r\n");
    MARK++;
    AIRCR = 0x05FA0004;
    for (;;) {
    }
}

OFTEN void fault_then_reset(void) {
    flag = 3; /* for HardFault_Handler */
    NOWHERE = 1;
}

// Well

OFTEN void done(void) {
    say("done\r\n");
}

OFTEN void sleeps(void) {
    start_ticks(7);
    for (;;) {
        __asm volatile("wfi");
    }
}

OFTEN void waits_for_ticks(void) {
    start_ticks(7);
    delay(WAIT);
    say("ticks\r\n");
}

OFTEN void waits_for_count_flag(void) {
    start_ticks(5);
    for (volatile uint32_t left = WAIT; left; left--) {
        while (!(SYSTICK(0) & 1u << 16)) {
        }
    }
    say("count flag\r\n");
}

OFTEN void waits_for_cycles(void) {
    REGISTER(0xE000EDFCu) |= 1u << 24;
    REGISTER(0xE0001FB0u) = 0xC5ACCE55;
    REGISTER(0xE0001000u) |= 1;
    const uint32_t start = REGISTER(0xE0001004u);
    while (REGISTER(0xE0001004u) - start < HERTZ / 1000 * WAIT) {
    }
    say("cycles\r\n");
}

OFTEN void waits_for_timer(void) {
    TIM2(0x28) = 0;
    TIM2(0x2C) = HERTZ / 1000 * WAIT;
    TIM2(0x14) = 1;
    TIM2(0x10) = 0;
    TIM2(0x00) = 1;
    while (!(TIM2(0x10) & 1)) {
    }
    say("timer\r\n");
}

OFTEN void waits_for_a_flag(void) {
    start_ticks(7);
    for (volatile uint32_t left = WAIT; left; left--) {
        while (!flag) {
        }
        flag = 0;
    }
    say("flag\r\n");
}

OFTEN void blinks(void) {
    start_ticks(7);
    GPIOB_MODER = 1;
    for (;;) {
        GPIOB_ODR ^= 1;
        delay(20);
    }
}

OFTEN void blinks_and_speaks(void) {
    say("on and off\r\n");
    blinks();
}

OFTEN void toggles(void) {
    GPIOB_MODER = 1;
    for (;;) {
        GPIOB_ODR ^= 1;
    }
}

OFTEN void two_speak(void) {
    say("one\r\n");
    say_on(USART1, "two\r\n");
    say("three\r\n");
}

OFTEN void rude(void) {
    say("[/x] \x1b[31mred\x07 \xff\r\n");
}

OFTEN void echoes(void) {
    say("> ");
    for (;;) {
        while (!(REGISTER(USART3 + 0x1C) & 1u << 5)) {
        }
        const char character = (char)REGISTER(USART3 + 0x24);
        put(USART3, character);
        if (character == '\r') {
            say("\nthank you\r\n> ");
        }
    }
}

int main(void) {
    CASE_FUNCTION();
    for (;;) {
    }
}

// Start-up

extern uint32_t bss_start, bss_end, stack_top;

void HardFault_Handler(void) {
    if (flag == 2) {
        (void)NOWHERE; /* a load faults at once, a store some time later */
    }
    if (flag == 3) {
        AIRCR = 0x05FA0004;
    }
    for (;;) {
    }
}

static void systick(void) {
    tick_count++;
    flag = flag == 0;
#ifdef NO_FLAG
    flag = 0;
#endif
}

static void nothing(void) {
    for (;;) {
    }
}

void Reset_Handler(void) {
    for (uint32_t *word = &bss_start; word < &bss_end; word++) {
        *word = 0;
    }
    (void)main();
    for (;;) {
    }
}

__attribute__((section(".vectors"), used)) static void (*const vectors[16])(void) = {
    (void (*)(void))&stack_top, Reset_Handler, nothing, HardFault_Handler, nothing, nothing, nothing, 0, 0, 0, 0,
    nothing, nothing, 0, nothing, systick,
};
