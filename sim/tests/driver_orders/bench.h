// What the programs of this folder share: registers, the console on USART3, interrupt handlers set at run time, DMA1.
// They use the peripherals in the order vendor drivers do (polling, interrupt, DMA), and say "ok" or "FAIL" of each.
#pragma once
#include <stddef.h>
#include <stdint.h>

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define BYTE(address)     (*(volatile uint8_t *)(address))
#define BIT(n)            (1u << (n))

enum {
    RCC = 0x58024400,
    AHB3ENR = 0xD4,
    AHB1ENR = 0xD8,
    AHB2ENR = 0xDC,
    AHB4ENR = 0xE0,
    APB1LENR = 0xE8,
    APB2ENR = 0xF0
};
enum { APB4ENR = 0xF4, DMA1 = 0x40020000, DMAMUX1 = 0x40020800, INTERRUPTS = 150 };
enum {
    TO_MEMORY = 0,
    TO_PERIPHERAL = 1 << 6,
    CIRCULAR = 1 << 8,
    HALVES = 1 << 13 | 1 << 11,
    COMPLETE_INTERRUPT = 1 << 4
};

typedef void handler(void);

void program(void); // the test's main function
void say(const char *text);
void check(const char *what, int right);
void check_equal(const char *what, uint32_t value, uint32_t expected);
void on_interrupt(int number, handler *call);
void open_gate(uint32_t enable_register, int bit);
int same(const volatile void *left, const volatile void *right, size_t count);
void fill(volatile uint8_t *bytes, size_t count, int seed);

// Whether one of `mask` comes up in a register, or a counter of interrupts reaches a value, before patience ends.
int wait_for(uint32_t address, uint32_t mask);
int wait_count(const volatile uint32_t *counter, uint32_t value);

// Streams of DMA1; `request` is the DMAMUX1 line. Memory counts up, the interrupt calls `done`.
void stream_start(int stream, int request, uint32_t control, uint32_t peripheral, volatile void *memory,
                  int count, handler *done);
uint32_t stream_flags(int stream);
void stream_clear(int stream);
uint32_t stream_left(int stream);
void stream_stop(int stream);
