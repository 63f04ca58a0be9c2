// Uses every device of board.repl the way a driver does and says on USART2 what it saw.
// Each wait has a limit, so a device that never answers shows as a wrong line.
#include <stdint.h>

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define USART(offset)     REGISTER(0x40004400u + (offset))
#define SPI(offset)       REGISTER(0x40013000u + (offset))
#define I2C(offset)       REGISTER(0x40005C00u + (offset))
#define EXTI(offset)      REGISTER(0x40013C00u + (offset))
#define RCC(offset)       REGISTER(0x40023800u + (offset))
#define RTC(offset)       REGISTER(0x40002800u + (offset))
#define LPTIM(offset)     REGISTER(0x40002400u + (offset))
#define ADC(offset)       REGISTER(0x40012000u + (offset))
#define ADC1(offset)      REGISTER(0x40012400u + (offset))
#define HSEM(offset)      REGISTER(0x40026800u + (offset))
#define TIMER9(offset)    REGISTER(0x40014000u + (offset))
#define NVIC_ENABLE(irq)  (REGISTER(0xE000E100u + 4 * ((irq) / 32)) = 1u << (irq) % 32)

enum { EXTI2 = 8, USART2 = 38, RTC_ALARM = 41, LPTIM1 = 93 };
enum { LIMIT = 2000000, SETTLE = 30000 };

static volatile uint32_t touches, alarms, periods, typed, word;

static void put(char character) {
    while (!(USART(0x00) & 1u << 7)) {
    }
    USART(0x04) = (uint32_t)character;
}

static void say(const char *text) {
    while (*text) {
        put(*text++);
    }
}

static void tell(const char *name, uint32_t value) {
    say(name);
    say(": ");
    for (int shift = 28; shift >= 0; shift -= 4) {
        put("0123456789ABCDEF"[value >> shift & 15]);
    }
    say("\r\n");
}

static int wait(volatile uint32_t *address, uint32_t mask) {
    for (int turn = 0; turn < LIMIT; turn++) {
        if (*address & mask) {
            return 1;
        }
    }
    return 0;
}

static void settle(void) {
    for (volatile int turn = 0; turn < SETTLE; turn++) {
    }
}

static void touched(void) {
    touches++;
    EXTI(0x14) = 1u << 2;
}

static void received(void) {
    while (USART(0x00) & 1u << 5) {
        typed = typed << 8 | USART(0x04);
    }
}

static void alarmed(void) {
    alarms++;
    RTC(0x08) &= ~(1u << 8 | 1u << 12);
    RTC(0x0C) = ~(1u << 7 | 1u << 8);
    EXTI(0x14) = 1u << 17;
}

static void period_over(void) {
    periods++;
    LPTIM(0x04) = 3;
}

static void clocks(void) {
    RCC(0x00) |= 1u << 16;
    tell("HSE ready", RCC(0x00) >> 17 & 1);
    RCC(0x00) |= 1u << 24;
    RCC(0x08) = 2;
    tell("clock switch", RCC(0x08));
    tell("reset flags", RCC(0x74) >> 25);
    TIMER9(0x28) = 1234;
    RCC(0x44) |= 1u << 16;
    RCC(0x24) = 1u << 16;
    RCC(0x24) = 0;
    tell("timer 9 after its reset", TIMER9(0x28));
}

static void bit_band(void) {
    uint32_t alias = 0x22000000u + ((uint32_t)(uintptr_t)&word - 0x20000000u) * 32;
    word = 0xF0;
    REGISTER(alias + 4 * 3) = 1;
    REGISTER(alias + 4 * 4) = 0;
    tell("word", word);
    tell("its bit 5", REGISTER(alias + 4 * 5));
    REGISTER(0x42000000u + (0x40004414u - 0x40000000u) * 32 + 4 * 6) = 1;
    tell("USART CR3", USART(0x14));
    USART(0x14) = 0;
}

static uint32_t address(uint32_t byte) {
    I2C(0x00) |= 1u << 8;
    if (!wait(&I2C(0x14), 1)) {
        return 0xBAD;
    }
    I2C(0x10) = byte;
    for (int turn = 0; turn < LIMIT; turn++) {
        uint32_t status = I2C(0x14);
        if (status & 1u << 10) {
            return 0;
        }
        if (status & 1u << 1) {
            (void)I2C(0x18);
            return 1;
        }
    }
    return 0xBAD;
}

static void stop(void) {
    I2C(0x00) |= 1u << 9;
    settle();
}

static void send(uint32_t byte) {
    wait(&I2C(0x14), 1u << 7);
    I2C(0x10) = byte;
    wait(&I2C(0x14), 1u << 2);
}

static uint32_t receive_one(uint32_t slave) {
    I2C(0x00) &= ~(1u << 10);
    if (address(slave << 1 | 1) != 1) {
        return 0xBAD;
    }
    I2C(0x00) |= 1u << 9;
    wait(&I2C(0x14), 1u << 6);
    uint32_t byte = I2C(0x10);
    settle();
    return byte;
}

static void two_wires(void) {
    I2C(0x04) = 42;
    I2C(0x1C) = 210;
    I2C(0x20) = 43;
    I2C(0x00) = 1;
    tell("nobody", address(0x50 << 1));
    I2C(0x14) = 0;
    stop();
    tell("slave", address(0x21 << 1));
    send(0x0A);
    send(0x0B);
    stop();
    tell("answer", receive_one(0x21));
    tell("panel", address(0x38 << 1));
    send(0xA8);
    stop();
    tell("vendor", receive_one(0x38));
}

static void four_wires(void) {
    SPI(0x00) = 1u << 2 | 1u << 8 | 1u << 9 | 1u << 6;
    SPI(0x0C) = 0x9F;
    tell("frame received", wait(&SPI(0x08), 1));
    tell("nobody's answer", SPI(0x0C));
    settle();
    tell("SPI status", SPI(0x08) & 0xFF);
}

static void touch(void) {
    NVIC_ENABLE(EXTI2);
    EXTI(0x08) = 1u << 2;
    EXTI(0x00) = 1u << 2;
    EXTI(0x10) = 1u << 2;
    settle();
    tell("software trigger", touches);
    say("touch\r\n");
    while (touches < 2) {
    }
    address(0x38 << 1);
    send(0x02);
    stop();
    tell("points", receive_one(0x38));
}

static void calendar(void) {
    RCC(0x70) = 1;
    wait(&RCC(0x70), 2);
    RCC(0x70) |= 1u << 15 | 1u << 8;
    RTC(0x24) = 0xCA;
    RTC(0x24) = 0x53;
    RTC(0x0C) |= 1u << 7;
    tell("initialising", wait(&RTC(0x0C), 1u << 6));
    RTC(0x10) = 249; // 32000 Hz / 128 / 250
    RTC(0x10) |= 127u << 16;
    RTC(0x08) |= 1u << 5;
    RTC(0x00) = 0x235958;
    RTC(0x04) = 0x24u << 16 | 4u << 13 | 0x0228;
    RTC(0x0C) &= ~(1u << 7);
    RTC(0x1C) = 1u << 31 | 0x000001;
    RTC(0x08) |= 1u << 8 | 1u << 12;
    NVIC_ENABLE(RTC_ALARM);
    EXTI(0x08) |= 1u << 17;
    EXTI(0x00) |= 1u << 17;
    while (!alarms) {
    }
    tell("time", RTC(0x00));
    tell("date", RTC(0x04));
    RTC(0x50) = 0xCAFE;
    tell("backup", RTC(0x50));
}

static void low_power_timer(void) {
    NVIC_ENABLE(LPTIM1);
    LPTIM(0x08) = 2;
    LPTIM(0x0C) = 3u << 9;
    LPTIM(0x10) = 1;
    LPTIM(0x18) = 999;
    tell("ARROK", wait(&LPTIM(0x00), 1u << 4));
    LPTIM(0x14) = 500;
    LPTIM(0x04) = 0x18;
    LPTIM(0x10) = 3;
    settle();
    settle();
    tell("one period", periods);
    LPTIM(0x10) = 5;
    while (periods < 5) {
    }
    LPTIM(0x10) = 0;
    tell("periods", periods);
}

static void voltage(void) {
    ADC(0x08) = 1;
    tell("ADC ready", wait(&ADC(0x00), 1));
    ADC(0x28) = 1u << 4;
    ADC(0x08) |= 1u << 2;
    wait(&ADC(0x00), 1u << 2);
    tell("half the reference", ADC(0x40));
    ADC1(0x2C) = 0;
    ADC1(0x34) = 3;
    ADC1(0x08) = 1u << 10;
    ADC1(0x08) |= 1;
    ADC1(0x08) |= 1u << 30;
    tell("converted", wait(&ADC1(0x00), 1u << 1));
    tell("code", ADC1(0x4C));
}

static void semaphore(void) {
    (void)HSEM(0x80);
    tell("semaphore", HSEM(0x00));
}

static void typing(void) {
    NVIC_ENABLE(USART2);
    USART(0x0C) |= 1u << 2 | 1u << 5;
    say("type\r\n");
    while (!(typed >> 16)) {
    }
    tell("typed", typed);
}

static void run(void) {
    USART(0x08) = 0x16C;
    USART(0x0C) = 1u << 13 | 1u << 3;
    clocks();
    bit_band();
    two_wires();
    four_wires();
    touch();
    low_power_timer();
    voltage();
    semaphore();
    calendar();
    typing();
    say("done\r\n");
    for (;;) {
        __asm volatile("wfi");
    }
}

void Reset_Handler(void) {
    extern uint32_t bss_start, bss_end;
    for (volatile uint32_t *at = &bss_start; at < &bss_end; at++) {
        *at = 0;
    }
    run();
}

static void fault(void) {
    say("fault\r\n");
    for (;;) {
    }
}

extern uint32_t stack_top;

__attribute__((section(".vectors"), used)) static void (*const vectors[16 + LPTIM1 + 1])(void) = {
    [0] = (void (*)(void))(uintptr_t)&stack_top,
    [1] = Reset_Handler,
    [2] = fault,
    [3] = fault,
    [4] = fault,
    [5] = fault,
    [6] = fault,
    [16 + EXTI2] = touched,
    [16 + USART2] = received,
    [16 + RTC_ALARM] = alarmed,
    [16 + LPTIM1] = period_over,
};
