/* What profilers get wrong: a fault in the middle of a block, longjmp, a jump table in a recursion, a deep recursion. */
#include <stdint.h>

extern uint32_t stack_top[];
void inside(void);
volatile uint32_t faults, depth_seen, sum, turns;
uint32_t saved[2]; /* stack pointer and where to go on, for the jump out of `inside` */

__attribute__((noinline)) static void fault(void) {
    __asm volatile("movs r0, #1\n nop\n udf #0\n nop\n nop" ::: "r0");
}

__attribute__((naked)) static void usage_fault(void) { /* goes on behind the instruction */
    __asm volatile("ldr r0, [sp, #24]\n"
                   "adds r0, #2\n"
                   "str r0, [sp, #24]\n"
                   "ldr r1, =faults\n"
                   "ldr r0, [r1]\n"
                   "adds r0, #1\n"
                   "str r0, [r1]\n"
                   "bx lr\n"
                   ".ltorg\n");
}

__attribute__((noinline)) static void leap(void) {
    __asm volatile("ldr r1, =saved\n ldr r0, [r1, #4]\n ldr r1, [r1]\n mov sp, r1\n bx r0\n .ltorg" ::: "memory");
    __builtin_unreachable();
}

__attribute__((noinline, used)) void inside(void) {
    leap();
    sum++;
}

__attribute__((noinline)) static void outside(void) {
    __asm volatile("push {r4-r11}\n"
                   "ldr r1, =saved\n"
                   "mov r0, sp\n"
                   "str r0, [r1]\n"
                   "adr r0, 1f\n"
                   "orr r0, #1\n"
                   "str r0, [r1, #4]\n"
                   "bl inside\n"
                   "b 1f\n"
                   ".ltorg\n"
                   ".align 2\n"
                   "1: nop\n"
                   "pop {r4-r11}\n" ::: "r0", "r1", "r2", "r3", "r12", "lr", "memory");
    sum += 2;
}

/* Case 1 is where the call of case 2 returns to: a jump table must not be taken for that return. */
__attribute__((noinline)) static void table(uint32_t which) {
    turns++;
    switch (which) {
    case 2:
        table(1);
        __attribute__((fallthrough));
    case 1:
        sum += which;
        break;
    case 3:
        table(2);
        sum += 7;
        break;
    case 4:
        sum += 11;
        break;
    case 5:
        sum ^= 3;
        break;
    default:
        sum = 0;
    }
}

__attribute__((noinline)) static uint32_t deep(uint32_t levels) {
    if (levels == 0) {
        return 0;
    }
    return 1 + deep(levels - 1);
}

__attribute__((noinline)) static void after(void) {
    sum++;
}

static void reset_handler(void) {
    faults = 0;
    *(volatile uint32_t *)0xE000ED24u = 1u << 18; /* SHCSR: the usage fault has a handler */
    fault();
    outside();
    table(3);
    depth_seen = deep(6000);
    after();
    for (;;) {
        __asm volatile("wfi");
    }
}

__attribute__((section(".vectors"), used)) static const uintptr_t vectors[16] = {
    [0] = (uintptr_t)stack_top,
    [1] = (uintptr_t)reset_handler,
    [6] = (uintptr_t)usage_fault,
};
