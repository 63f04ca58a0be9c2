/* Measures a loop by the cycle counter, then lets two threads with stacks of their own take turns by PendSV. */
#include <stdint.h>

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define ICSR REGISTER(0xE000ED04u)
#define DEMCR REGISTER(0xE000EDFCu)
#define DWT_CTRL REGISTER(0xE0001000u)
#define CYCCNT REGISTER(0xE0001004u)
#define DWT_LAR REGISTER(0xE0001FB0u)
#define TURNS 3u

extern uint32_t stack_top[];
volatile uint32_t spent;
volatile uint32_t turns_a, turns_b;
uint32_t stack_a[64], stack_b[64];
uint32_t *waiting; /* stack pointer of the thread that does not run, its registers saved below */

__attribute__((noinline)) static uint32_t work(uint32_t count) {
    uint32_t sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (i & 1u) {
            sum += i;
        }
        __asm volatile("" : "+r"(sum));
    }
    return sum;
}

__attribute__((noinline)) static void yield(void) {
    ICSR = 1u << 28;
    __asm volatile("dsb\n isb" ::: "memory");
}

__attribute__((noinline)) static void inner_a(void) {
    yield();
    turns_a++;
}

__attribute__((noinline)) static void inner_b(void) {
    yield();
    turns_b++;
}

static void thread_b(void) {
    for (;;) {
        inner_b();
    }
}

__attribute__((noinline)) static void thread_a(void) {
    while (turns_a < TURNS) {
        inner_a();
    }
    for (;;) {
        __asm volatile("wfi");
    }
}

__attribute__((naked)) static void switch_threads(void) {
    __asm volatile("mrs r0, psp\n"
                   "stmdb r0!, {r4-r11}\n"
                   "ldr r1, =waiting\n"
                   "ldr r2, [r1]\n"
                   "str r0, [r1]\n"
                   "ldmia r2!, {r4-r11}\n"
                   "msr psp, r2\n"
                   "bx lr\n"
                   ".ltorg\n");
}

static void reset_handler(void) {
    DEMCR = 1u << 24;
    DWT_LAR = 0xC5ACCE55u;
    DWT_CTRL = 1;
    uint32_t before = CYCCNT;
    uint32_t sum = work(100);
    spent = CYCCNT - before + 0 * sum;
    waiting = &stack_b[64 - 16];
    stack_b[64 - 2] = (uint32_t)thread_b & ~1u;
    stack_b[64 - 1] = 1u << 24;
    __asm volatile("msr psp, %0\n movs r0, #2\n msr control, r0\n isb" ::"r"(&stack_a[64]) : "r0", "memory");
    thread_a();
}

__attribute__((section(".vectors"), used)) static const uintptr_t vectors[16] = {
    [0] = (uintptr_t)stack_top,
    [1] = (uintptr_t)reset_handler,
    [14] = (uintptr_t)switch_threads,
};
