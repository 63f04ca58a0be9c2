// The real-time clock on each of its sources; wake-up and alarm through EXTI 19 and 17 (RM0433 46.3, 8.5.12).
#include "bench.h"

enum {
    RTC = 0x58004000,
    TR = 0x00,
    DR = 0x04,
    CR = 0x08,
    ISR = 0x0C,
    PRER = 0x10,
    WUTR = 0x14,
    ALRMAR = 0x1C
};
enum { WPR = 0x24, EXTI = 0x58000000, RTSR1 = 0x00, IMR1 = 0x80, PR1 = 0x88, PWR_CR1 = 0x58024800 };
enum {
    BDCR = RCC + 0x70,
    CSR = RCC + 0x74,
    RCC_CR = RCC + 0x00,
    CFGR = RCC + 0x10,
    ALARM = 17,
    WAKE_UP = 19
};
enum {
    INITF = 1 << 6,
    INIT = 1 << 7,
    ALRAWF = 1,
    WUTWF = 4,
    ALRAF = 1 << 8,
    WUTF = 1 << 10,
    RTCEN = 1 << 15
};
enum { ALRAE = 1 << 8, WUTE = 1 << 10, ALRAIE = 1 << 12, WUTIE = 1 << 14, BYPSHAD = 1 << 5 };

static volatile uint32_t ticks, alarms;

static void woken(void) {
    REGISTER(RTC + ISR) = ~(uint32_t)(WUTF | INIT) | (REGISTER(RTC + ISR) & INIT);
    REGISTER(EXTI + PR1) = BIT(WAKE_UP);
    ticks++;
}

static void alarmed(void) {
    REGISTER(RTC + ISR) = ~(uint32_t)(ALRAF | INIT) | (REGISTER(RTC + ISR) & INIT);
    REGISTER(EXTI + PR1) = BIT(ALARM);
    alarms++;
}

static void unlock(void) {
    REGISTER(RTC + WPR) = 0xCA;
    REGISTER(RTC + WPR) = 0x53;
}

// Into initialisation mode; it is never reached while nothing clocks the RTC.
static int initialise(uint32_t prescalers) {
    unlock();
    REGISTER(RTC + ISR) = 0xFFFFFFFF;
    for (int turn = 0; turn < 20000; turn++) {
        if (REGISTER(RTC + ISR) & INITF) {
            REGISTER(RTC + PRER) = prescalers & 0x7FFF;
            REGISTER(RTC + PRER) = prescalers;
            REGISTER(RTC + TR) = 0x235958;
            REGISTER(RTC + DR) = 0x257231; // Wednesday, 31 December 2025
            REGISTER(RTC + CR) = BYPSHAD;
            REGISTER(RTC + ISR) &= ~(uint32_t)INIT;
            return 1;
        }
    }
    REGISTER(RTC + ISR) &= ~(uint32_t)INIT;
    return 0;
}

static void select(uint32_t source) {
    REGISTER(BDCR) = BIT(16); // another source wants a reset of the backup domain
    REGISTER(BDCR) = 0;
    REGISTER(BDCR) |= BIT(0);
    while (!(REGISTER(BDCR) & BIT(1))) {
    }
    REGISTER(BDCR) |= source << 8 | RTCEN;
}

// Wake-ups every `counter` + 1 ticks of `clock` (WUCKSEL).
static void wake_every(uint32_t clock, uint32_t counter) {
    unlock();
    REGISTER(RTC + CR) &= ~(uint32_t)WUTE;
    while (!(REGISTER(RTC + ISR) & WUTWF)) {
    }
    REGISTER(RTC + WUTR) = counter;
    REGISTER(RTC + CR) = (REGISTER(RTC + CR) & ~7u) | clock | WUTIE;
    REGISTER(EXTI + RTSR1) |= BIT(WAKE_UP);
    REGISTER(EXTI + IMR1) |= BIT(WAKE_UP);
    ticks = 0;
    REGISTER(RTC + CR) |= WUTE;
}

static void sleep_until(uint32_t tick) {
    while (ticks < tick) {
        __asm volatile("wfi");
    }
}

// CYCCNT of ten wake-ups, in milliseconds of the 480 MHz core.
static uint32_t ten_wake_ups(void) {
    uint32_t first = ticks;
    sleep_until(first + 1);
    uint32_t start = REGISTER(0xE0001004);
    sleep_until(first + 11);
    return (REGISTER(0xE0001004) - start + 240000) / 480000;
}

static void sources(void) {
    check("without a source it stands still", !initialise(0x7F00FF));
    select(1);
    check("LSE", initialise(31));
    wake_every(4, 31);
    check_equal("32 of 1024 Hz, ten times", ten_wake_ups(), 313); // 312.5
    REGISTER(CSR) = 1;
    select(2);
    check("LSI", initialise(31));
    wake_every(4, 31);
    check_equal("32 of 1000 Hz, ten times", ten_wake_ups(), 320);
    REGISTER(RCC_CR) |= BIT(16);
    REGISTER(CFGR) |= 8 << 8;
    select(3);
    check("HSE / 8", initialise(99 << 16 | 9));
    wake_every(4, 0);
    check_equal("a time base of a millisecond", ten_wake_ups(), 10);
}

// Wake-up timer and alarm without an interrupt, as drivers that poll for them do.
static void polled(void) {
    select(1);
    check("once more", initialise(31));
    wake_every(4, 3);
    REGISTER(EXTI + IMR1) &= ~BIT(WAKE_UP);
    REGISTER(RTC + CR) &= ~(uint32_t)WUTIE;
    int came = 0;
    for (int turn = 0; turn < 3; turn++) {
        came += wait_for(RTC + ISR, WUTF);
        REGISTER(RTC + ISR) = ~(uint32_t)(WUTF | INIT);
    }
    check("the wake-up flag is polled and cleared", came == 3 && !(REGISTER(RTC + ISR) & WUTF));
    REGISTER(RTC + CR) &= ~(uint32_t)(WUTE | ALRAE);
    while (!(REGISTER(RTC + ISR) & ALRAWF)) {
    }
    REGISTER(RTC + ALRMAR) = BIT(31) | BIT(23) | BIT(15) | BIT(7); // every second
    REGISTER(RTC + ISR) = ~(uint32_t)(ALRAF | INIT);
    REGISTER(RTC + CR) |= ALRAE;
    while (!(REGISTER(RTC + ISR) & ALRAF)) {
    }
    check("so is the alarm's, without an interrupt", !ticks && !alarms);
    REGISTER(RTC + CR) &= ~(uint32_t)ALRAE;
    REGISTER(RTC + ISR) = ~(uint32_t)(ALRAF | INIT);
}

static void calendar(void) {
    select(1);
    check("LSE again", initialise(0x7F00FF));
    unlock();
    REGISTER(RTC + CR) &= ~(uint32_t)ALRAE;
    while (!(REGISTER(RTC + ISR) & ALRAWF)) {
    }
    REGISTER(RTC + ALRMAR) = BIT(31) | 0x000001; // 00:00:01 of any day
    REGISTER(EXTI + RTSR1) |= BIT(ALARM);
    REGISTER(EXTI + IMR1) |= BIT(ALARM);
    REGISTER(RTC + CR) |= ALRAE | ALRAIE;
    while (!alarms) {
        __asm volatile("wfi");
    }
    check_equal("the alarm comes in the new year", REGISTER(RTC + TR), 0x000001);
    check_equal("on a Thursday", REGISTER(RTC + DR), 0x268101);
}

void program(void) {
    REGISTER(0xE000EDFC) |= BIT(24);
    REGISTER(0xE0001FB0) = 0xC5ACCE55;
    REGISTER(0xE0001000) |= 1;
    REGISTER(PWR_CR1) |= BIT(8);
    open_gate(APB4ENR, 16);
    on_interrupt(3, woken);
    on_interrupt(41, alarmed);
    sources();
    polled();
    calendar();
}
