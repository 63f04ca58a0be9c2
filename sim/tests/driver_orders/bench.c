#include "bench.h"

enum { CONSOLE = 0x40004800, CR1 = 0x00, BRR = 0x0C, ISR = 0x1C, TDR = 0x28, PATIENCE = 4000000 };

static handler *handlers[INTERRUPTS];

void say(const char *text) {
    while (*text) {
        while (!(REGISTER(CONSOLE + ISR) & BIT(7))) {
        }
        REGISTER(CONSOLE + TDR) = (uint32_t)*text++;
    }
}

static void say_number(uint32_t value) {
    char text[9] = {0};
    for (int digit = 0; digit < 8; digit++) {
        text[digit] = "0123456789ABCDEF"[value >> (28 - 4 * digit) & 15];
    }
    say(text);
}

void check(const char *what, int right) {
    say(right ? "ok " : "FAIL ");
    say(what);
    say("\n");
}

void check_equal(const char *what, uint32_t value, uint32_t expected) {
    if (value != expected) {
        say("got ");
        say_number(value);
        say(", not ");
        say_number(expected);
        say("\n");
    }
    check(what, value == expected);
}

void on_interrupt(int number, handler *call) {
    handlers[number] = call;
    REGISTER(0xE000E100 + 4 * (number / 32)) = BIT(number % 32);
}

void open_gate(uint32_t enable_register, int bit) {
    REGISTER(RCC + enable_register) |= BIT(bit);
    (void)REGISTER(RCC + enable_register);
}

int same(const volatile void *left, const volatile void *right, size_t count) {
    const volatile uint8_t *a = left, *b = right;
    while (count--) {
        if (*a++ != *b++) {
            return 0;
        }
    }
    return 1;
}

void fill(volatile uint8_t *bytes, size_t count, int seed) {
    for (size_t index = 0; index < count; index++) {
        bytes[index] = (uint8_t)(seed + 7 * (int)index);
    }
}

int wait_for(uint32_t address, uint32_t mask) {
    for (int turn = 0; turn < PATIENCE; turn++) {
        if (REGISTER(address) & mask) {
            return 1;
        }
    }
    return 0;
}

int wait_count(const volatile uint32_t *counter, uint32_t value) {
    for (int turn = 0; turn < PATIENCE; turn++) {
        if (*counter >= value) {
            return 1;
        }
    }
    return 0;
}

// DMA1: stream n has its registers at 0x10 + 0x18 n, its flags in LISR or HISR.

static const int stream_interrupts[8] = {11, 12, 13, 14, 15, 16, 17, 47};
static const int flag_shifts[4] = {0, 6, 16, 22};

static uint32_t stream_base(int stream) {
    return DMA1 + 0x10 + 0x18 * (uint32_t)stream;
}

uint32_t stream_flags(int stream) {
    return REGISTER(DMA1 + (stream < 4 ? 0x0 : 0x4)) >> flag_shifts[stream % 4] & 0x3D;
}

void stream_clear(int stream) {
    REGISTER(DMA1 + (stream < 4 ? 0x8 : 0xC)) = 0x3Du << flag_shifts[stream % 4];
}

uint32_t stream_left(int stream) {
    return REGISTER(stream_base(stream) + 0x4);
}

void stream_stop(int stream) {
    REGISTER(stream_base(stream)) &= ~1u;
    while (REGISTER(stream_base(stream)) & 1) {
    }
    stream_clear(stream);
}

void stream_start(int stream, int request, uint32_t control, uint32_t peripheral, volatile void *memory,
                  int count, handler *done) {
    uint32_t base = stream_base(stream);
    open_gate(AHB1ENR, 0);
    stream_stop(stream);
    REGISTER(DMAMUX1 + 4 * (uint32_t)stream) = (uint32_t)request;
    REGISTER(base) = control | BIT(10) | (done ? COMPLETE_INTERRUPT : 0);
    REGISTER(base + 0x4) = (uint32_t)count;
    REGISTER(base + 0x8) = peripheral;
    REGISTER(base + 0xC) = (uint32_t)(uintptr_t)memory;
    if (done) {
        on_interrupt(stream_interrupts[stream], done);
    }
    REGISTER(base) |= 1;
}

// Start-up

static void dispatch(void) {
    uint32_t number;
    __asm volatile("mrs %0, ipsr" : "=r"(number));
    if (number >= 16 && handlers[number - 16]) {
        handlers[number - 16]();
        return;
    }
    say("FAIL unexpected exception ");
    say_number(number);
    say("\n");
    for (;;) {
    }
}

void Reset_Handler(void) {
    extern uint32_t bss_start, bss_end;
    for (volatile uint32_t *at = &bss_start; at < &bss_end; at++) {
        *at = 0;
    }
    open_gate(APB1LENR, 18);
    REGISTER(CONSOLE + BRR) = 1042;
    REGISTER(CONSOLE + CR1) = BIT(0) | BIT(2) | BIT(3);
    program();
    say("done\n");
    for (;;) {
        __asm volatile("wfi");
    }
}

extern uint32_t stack_top;

__attribute__((section(".vectors"), used)) static void (*const vectors[16 + INTERRUPTS])(void) = {
    [0] = (void (*)(void))(uintptr_t)&stack_top,
    [1] = Reset_Handler,
    [2 ... 15 + INTERRUPTS] = dispatch,
};
