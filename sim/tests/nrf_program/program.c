// What an nRF52840 does, seen by a program: its console, clocks, counters, pins, generators and PPI. It says the same on
// both engines.
#include <stddef.h>
#include <stdint.h>

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define BIT(n)            (1u << (n))

enum { CLOCK = 0x40000000, UARTE = 0x40002000, TIMER0 = 0x40008000, TIMER1 = 0x40009000 };
enum { RTC1 = 0x40011000, RNG = 0x4000D000, ECB = 0x4000E000, EGU0 = 0x40014000, PPI = 0x4001F000 };
enum { PORT0 = 0x50000500, OUTSET = 0x08, OUTCLR = 0x0C, DIRSET = 0x18, PIN_CNF = 0x200 };
enum { INTENSET = 0x304, NVIC_ISER = 0xE000E100, PATIENCE = 2000000 };

static volatile uint32_t rtc_interrupts, egu_interrupts;
static uint8_t line[64];

static void transmit(const void *data, size_t count) {
    REGISTER(UARTE + 0x544) = (uint32_t)(uintptr_t)data;
    REGISTER(UARTE + 0x548) = (uint32_t)count;
    REGISTER(UARTE + 0x120) = 0;
    REGISTER(UARTE + 0x008) = 1;
    while (!REGISTER(UARTE + 0x120)) {
    }
}

static void say(const char *text) {
    size_t count = 0;
    while (text[count]) {
        line[count] = (uint8_t)text[count];
        count++;
    }
    transmit(line, count);
}

static void check(const char *what, int right) {
    say(right ? "ok " : "FAIL ");
    say(what);
    say("\n");
}

static int wait_for(uint32_t address) {
    for (int turn = 0; turn < PATIENCE; turn++) {
        if (REGISTER(address)) {
            return 1;
        }
    }
    return 0;
}

static void clocks(void) {
    REGISTER(CLOCK + 0x000) = 1;
    check("the crystal runs", wait_for(CLOCK + 0x100) && (REGISTER(CLOCK + 0x40C) & 0x10001) == 0x10001);
    REGISTER(CLOCK + 0x518) = 1;
    REGISTER(CLOCK + 0x008) = 1;
    check("so does the slow one", wait_for(CLOCK + 0x104) && (REGISTER(CLOCK + 0x418) & 0x10003) == 0x10001);
}

static void rtc(void) {
    REGISTER(RTC1 + 0x508) = 3; // 8192 Hz
    REGISTER(RTC1 + 0x540) = 10;
    REGISTER(RTC1 + 0x544) = 20;
    REGISTER(RTC1 + INTENSET) = BIT(16);
    REGISTER(RTC1 + 0x344) = BIT(17);
    REGISTER(NVIC_ISER) = BIT(17);
    REGISTER(RTC1 + 0x000) = 1;
    while (!rtc_interrupts) {
        __asm volatile("wfi");
    }
    uint32_t at = REGISTER(RTC1 + 0x504);
    check("RTC1 interrupts at its compare value", at == 10 || at == 11);
    while (REGISTER(RTC1 + 0x504) < 25) {
    }
    check("and flags the second, enabled without interrupt", REGISTER(RTC1 + 0x144) && rtc_interrupts == 1);
    REGISTER(RTC1 + 0x008) = 1;
    check("it is cleared", REGISTER(RTC1 + 0x504) <= 1);
    REGISTER(RTC1 + 0x004) = 1;
}

static void timer(void) {
    REGISTER(TIMER0 + 0x508) = 3; // 32 bits
    REGISTER(TIMER0 + 0x510) = 4; // 1 MHz
    REGISTER(TIMER0 + 0x540) = 500;
    REGISTER(TIMER0 + 0x000) = 1;
    check("TIMER0 reaches its compare value", wait_for(TIMER0 + 0x140));
    REGISTER(TIMER0 + 0x044) = 1; // capture into CC[1]
    uint32_t now = REGISTER(TIMER0 + 0x544);
    check("what it captures is a little later", now >= 500 && now < 700);
    REGISTER(TIMER0 + 0x004) = 1;
    REGISTER(TIMER0 + 0x048) = 1;
    REGISTER(TIMER0 + 0x04C) = 1;
    check("it stands", REGISTER(TIMER0 + 0x548) == REGISTER(TIMER0 + 0x54C));
}

static void pins(void) {
    REGISTER(PORT0 + PIN_CNF + 4 * 13) = 1;
    REGISTER(PORT0 + OUTSET) = BIT(13);
    check("a pin goes high", REGISTER(PORT0 + 0x04) & BIT(13));
    REGISTER(PORT0 + OUTCLR) = BIT(13);
    check("and low", !(REGISTER(PORT0 + 0x04) & BIT(13)));
    REGISTER(PORT0 + DIRSET) = BIT(14);
    check("a direction is the bit of its configuration", REGISTER(PORT0 + PIN_CNF + 4 * 14) & 1);
}

static void numbers(void) {
    uint32_t different = 0, last = 0;
    REGISTER(RNG + 0x000) = 1;
    for (int turn = 0; turn < 16; turn++) {
        REGISTER(RNG + 0x100) = 0;
        if (!wait_for(RNG + 0x100)) {
            break;
        }
        uint32_t value = REGISTER(RNG + 0x508);
        different += value != last && value < 256;
        last = value;
    }
    REGISTER(RNG + 0x004) = 1;
    check("random bytes come", different > 8);
}

static void cipher(void) {
    static const uint8_t key[16] = {0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6,
                                    0xab, 0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c};
    static const uint8_t text[16] = {0x6b, 0xc1, 0xbe, 0xe2, 0x2e, 0x40, 0x9f, 0x96,
                                     0xe9, 0x3d, 0x7e, 0x11, 0x73, 0x93, 0x17, 0x2a};
    static volatile uint8_t block[48];
    for (int index = 0; index < 16; index++) {
        block[index] = key[index];
        block[16 + index] = text[index];
    }
    REGISTER(ECB + 0x504) = (uint32_t)(uintptr_t)block;
    REGISTER(ECB + 0x000) = 1;
    check("a block is enciphered as FIPS 197 says", wait_for(ECB + 0x100) && block[32] == 0x3a && block[47] == 0x97);
}

static void events(void) {
    REGISTER(EGU0 + INTENSET) = BIT(3);
    REGISTER(NVIC_ISER) = BIT(20);
    REGISTER(EGU0 + 4 * 3) = 1;
    for (int turn = 0; turn < PATIENCE && !egu_interrupts; turn++) {
    }
    check("software makes an event", egu_interrupts == 1);
    // TIMER1's match triggers the EGU through the PPI
    REGISTER(EGU0 + 0x114) = 0;
    REGISTER(PPI + 0x510) = TIMER1 + 0x140;
    REGISTER(PPI + 0x514) = EGU0 + 4 * 5;
    REGISTER(PPI + 0x504) = BIT(0);
    REGISTER(TIMER1 + 0x510) = 4;
    REGISTER(TIMER1 + 0x540) = 100;
    REGISTER(TIMER1 + 0x000) = 1;
    check("and a timer makes one through the PPI", wait_for(EGU0 + 0x114));
    REGISTER(PPI + 0x508) = BIT(0);
    REGISTER(TIMER1 + 0x004) = 1;
}

static void reception(void) {
    static volatile uint8_t taken[4];
    REGISTER(UARTE + 0x534) = (uint32_t)(uintptr_t)taken;
    REGISTER(UARTE + 0x538) = 4;
    REGISTER(UARTE + 0x110) = 0;
    REGISTER(UARTE + 0x000) = 1;
    say("type\n");
    check("four characters were received", wait_for(UARTE + 0x110) && REGISTER(UARTE + 0x53C) == 4 && taken[0] == 'w' &&
                                               taken[3] == 'd');
}

void program(void) {
    REGISTER(UARTE + 0x500) = 8;
    clocks();
    rtc();
    timer();
    pins();
    numbers();
    cipher();
    events();
    reception();
    say("done\n");
    for (;;) {
        __asm volatile("wfi");
    }
}

static void rtc_interrupt(void) {
    REGISTER(RTC1 + 0x140) = 0;
    (void)REGISTER(RTC1 + 0x140);
    rtc_interrupts++;
}

static void egu_interrupt(void) {
    REGISTER(EGU0 + 0x10C) = 0;
    (void)REGISTER(EGU0 + 0x10C);
    egu_interrupts++;
}

static void stop(void) {
    say("FAIL unexpected exception\n");
    for (;;) {
    }
}

__attribute__((section(".vectors"), used)) static void *const vectors[16 + 48] = {
    [0] = (void *)0x20008000, [1] = (void *)program, [2] = (void *)stop, [3] = (void *)stop,
    [16 + 17] = (void *)rtc_interrupt, [16 + 20] = (void *)egu_interrupt,
};
