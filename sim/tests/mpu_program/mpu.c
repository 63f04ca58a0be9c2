// What the MPU of an ARMv7-M core lets through and what it does not (ARM DDI 0403E B3.5), told on USART3 of an STM32H743.
// Each line: what was tried, the fault's bits (CFSR) or 0, and whether fault address and stacked PC are right.
#include <stdint.h>

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define SHCSR             REGISTER(0xE000ED24u)
#define CFSR              REGISTER(0xE000ED28u)
#define HFSR              REGISTER(0xE000ED2Cu)
#define MMFAR             REGISTER(0xE000ED34u)
#define MPU_CTRL          REGISTER(0xE000ED94u)
#define MPU_RNR           REGISTER(0xE000ED98u)
#define MPU_RBAR          REGISTER(0xE000ED9Cu)
#define MPU_RASR          REGISTER(0xE000EDA0u)

enum { ENABLE = 1, HFNMIENA = 2, PRIVDEFENA = 4, MEM_FAULT_ENABLED = 1 << 16, PAGE = 0x1000 };
enum { NONE = 0, PRIVILEGED = 1, READ_BY_USER = 2, ALL = 3, READ_ONLY_PRIVILEGED = 5, READ_ONLY = 6 };
#define XN    (1u << 28)
#define AREA  0x24010000u // 64 KB of AXI SRAM, a region of its own
#define GPIOB 0x58020400u

extern uint32_t stack_top;
static volatile uint32_t seen, address_seen, pc_seen, hard, allow_in_handler;
void program(void);

extern char after_stacking[];

static void put(char character) {
    while (!(REGISTER(0x4000481Cu) & 0x80)) {
    }
    REGISTER(0x40004828u) = (uint32_t)character;
}

static void say(const char *text) {
    while (*text) {
        put(*text++);
    }
}

static void hex(uint32_t value) {
    for (int shift = 28; shift >= 0; shift -= 4) {
        put("0123456789ABCDEF"[value >> shift & 15]);
    }
}

static void control(uint32_t value) {
    MPU_CTRL = value;
    __asm volatile("dsb\n isb" ::: "memory");
}

// The faulting instruction has four bytes, or was not fetched: go on behind it, or where it was called from.
__attribute__((used)) static void faulted(uint32_t *frame, uint32_t number) {
    seen = CFSR;
    address_seen = MMFAR;
    hard = number == 3 ? HFSR : 0;
    CFSR = seen;
    HFSR = HFSR;
    if (allow_in_handler) {
        REGISTER(AREA) = 0x600D; // refused, were the MPU not off in here
        allow_in_handler = 0;
    }
    if (seen & 0x10) { // nothing was stacked: make a frame to return by
        control(0);
        frame[6] = (uint32_t)after_stacking & ~1u;
        frame[7] = 1u << 24;
        return;
    }
    pc_seen = frame[6];
    frame[6] = seen & 1 ? frame[5] & ~1u : frame[6] + 4;
}

__attribute__((naked)) static void fault(void) {
    __asm volatile(
        "tst lr, #4\n ite eq\n mrseq r0, msp\n mrsne r0, psp\n mrs r1, ipsr\n push {r3, lr}\n bl faulted\n"
        "pop {r3, pc}");
}

// SVC: back to privileged thread mode on the main stack.
__attribute__((naked)) static void supervisor(void) {
    __asm volatile("mrs r0, control\n bic r0, #1\n msr control, r0\n bx lr");
}

void reset(void);
__attribute__((section(".vectors"), used)) static void *const vectors[16] = {
    &stack_top, reset, fault, fault, fault, fault, fault, 0, 0, 0, 0, supervisor, 0, 0, supervisor, 0};

// A store of the address to itself, a load, a call: one instruction of four bytes each, at the label.
void store(uint32_t address);
uint32_t load(uint32_t address);
void call(uint32_t address);
__asm(".syntax unified\n .thumb\n .thumb_func\n store: str.w r0, [r0]\n bx lr\n"
      ".thumb_func\n load: ldr.w r0, [r0]\n bx lr\n"
      ".thumb_func\n call: push {r3, lr}\n blx r0\n pop {r3, pc}\n");

static void region(uint32_t number, uint32_t base, int log2, uint32_t attributes) {
    MPU_RNR = number;
    MPU_RBAR = base;
    MPU_RASR = attributes | (uint32_t)(log2 - 1) << 1 | 1;
    __asm volatile("dsb\n isb" ::: "memory");
}

static void regions_off(void) {
    for (uint32_t number = 0; number < 8; number++) {
        MPU_RNR = number;
        MPU_RASR = 0;
    }
    __asm volatile("dsb\n isb" ::: "memory");
}

static void tell(const char *what, uint32_t address, uint32_t pc) {
    uint32_t bits = seen, at = address_seen, from = pc_seen; // before the next line faults, should it
    seen = pc_seen = address_seen = 0;
    say(what);
    say(": ");
    hex(bits);
    say(!bits || !(bits & 0x80) || at == address ? "" : " wrong address");
    say(!bits || !pc || from == pc ? "\n" : " wrong PC\n");
}

static void try_store(const char *what, uint32_t address) {
    store(address);
    tell(what, address, (uint32_t)store & ~1u);
}

static void try_load(const char *what, uint32_t address) {
    load(address);
    tell(what, address, (uint32_t)load & ~1u);
}

static void drop_privilege(void) {
    __asm volatile("mrs r0, control\n orr r0, #1\n msr control, r0\n isb" ::: "r0", "memory");
}

static void regain_privilege(void) {
    __asm volatile("svc 0" ::: "r0", "r1", "r2", "r3", "r12", "lr", "memory");
}

static void whole_pages(void) {
    region(0, AREA, 16, READ_ONLY_PRIVILEGED << 24);
    try_store("store to what is read-only", AREA + 0x8124);
    try_load("load of it", AREA + 0x8124);
    region(1, AREA + 2 * PAGE, 12, NONE << 24);
    try_load("load of what nobody may touch", AREA + 2 * PAGE + 4);
    try_load("load behind it", AREA + 3 * PAGE);
    region(2, AREA + 2 * PAGE, 12, ALL << 24);
    try_store("store where a higher region allows it", AREA + 2 * PAGE + 8);
    regions_off();
    try_store("store once the regions are off", AREA + 0x8124);
}

static void parts_of_pages(void) {
    region(3, AREA + PAGE + 0x40, 5, NONE << 24);
    try_store("store to a guard of 32 bytes", AREA + PAGE + 0x5C);
    try_store("store before it", AREA + PAGE + 0x3C);
    try_store("store behind it", AREA + PAGE + 0x60);
    region(3, AREA, 15, NONE << 24 | 0x04 << 8);
    try_store("store to the third eighth, which is disabled", AREA + 2 * PAGE + 0xFFC);
    try_store("store to the fourth", AREA + 3 * PAGE);
    region(3, AREA, 8, NONE << 24 | 0x04 << 8);
    try_store("store to a disabled eighth of 32 bytes", AREA + 0x40);
    try_store("store to the one behind it", AREA + 0x60);
    regions_off();
}

static void fetches(void) {
    REGISTER(AREA) = 0xBF004770; // bx lr; nop
    region(0, AREA, 16, ALL << 24);
    call(AREA | 1);
    tell("call of code in RAM", 0, 0);
    region(0, AREA, 16, ALL << 24 | XN);
    call(AREA | 1);
    tell("call of code that is never executed", 0, AREA);
    region(0, AREA, 16, NONE << 24);
    call(AREA | 1);
    tell("call of code nobody may read", 0, AREA);
    regions_off();
}

static void privilege(void) {
    // What a user needs: code, stack and variables; the console is its business as well.
    region(0, 0x08000000, 21, READ_ONLY << 24);
    region(1, 0x20000000, 17, ALL << 24);
    region(2, 0x24000000, 16, ALL << 24);
    region(3, 0x40000000, 20, ALL << 24 | XN);
    region(4, AREA, 12, READ_BY_USER << 24);
    region(5, AREA + PAGE, 12, PRIVILEGED << 24);
    try_store("privileged store", AREA + PAGE);
    drop_privilege();
    load(AREA);
    store(AREA + 4);
    regain_privilege();
    tell("user's store to what it may read", AREA + 4, (uint32_t)store & ~1u);
    drop_privilege();
    load(AREA + PAGE);
    regain_privilege();
    tell("user's load of what is privileged", AREA + PAGE, (uint32_t)load & ~1u);
    drop_privilege();
    load(AREA + 8 * PAGE);
    regain_privilege();
    tell("user's load of the background", AREA + 8 * PAGE, (uint32_t)load & ~1u);
    try_load("privileged load of the background", AREA + 8 * PAGE);
    control(ENABLE);
    try_load("without the default map", AREA + 8 * PAGE);
    try_load("of what regions allow", 0x24000100u);
    try_load("of the private peripheral bus", 0xE000ED00u);
    control(ENABLE | PRIVDEFENA);
    region(6, GPIOB & ~0x3FFu, 10, NONE << 24 | XN);
    try_load("load of a peripheral nobody may touch", GPIOB);
    try_load("load of the one before it", GPIOB - 0x400);
    regions_off();
}

static void handlers(void) {
    region(0, AREA, 12, READ_ONLY << 24);
    SHCSR = 0;
    store(AREA + 0x20);
    say(hard == 1u << 30 ? "without its handler a hard fault\n" : "not a hard fault\n");
    tell("of the same bits", AREA + 0x20, (uint32_t)store & ~1u);
    allow_in_handler = 1;
    store(AREA + 0x20);
    tell("a handler of a hard fault is free of it", AREA + 0x20, (uint32_t)store & ~1u);
    say(REGISTER(AREA) == 0x600D ? "and has written\n" : "and has not written\n");
    SHCSR = MEM_FAULT_ENABLED;
    // An exception whose frame would go into a guard.
    region(1, AREA + PAGE, 12, NONE << 24);
    seen = 0;
    __asm volatile(
        "msr psp, %0\n mrs r0, control\n orr r0, #2\n msr control, r0\n isb" ::"r"(AREA + PAGE + 0x80)
        : "r0");
    REGISTER(0xE000ED04u) = 1u << 28; // PendSV
    __asm volatile(".global after_stacking\n dsb\n isb\n after_stacking: mrs r0, control\n bic r0, #2\n"
                   "msr control, r0\n isb" ::
                       : "r0", "r1", "r2", "r3", "r12", "lr", "cc", "memory");
    tell("an exception cannot stack into a guard", 0, 0);
    regions_off();
}

void program(void) {
    SHCSR = MEM_FAULT_ENABLED;
    control(ENABLE | PRIVDEFENA);
    whole_pages();
    parts_of_pages();
    fetches();
    privilege();
    handlers();
    say("done\n");
    for (;;) {
        __asm volatile("wfi");
    }
}

void reset(void) {
    REGISTER(0x580244E8u) |= 1u << 18; // clocks of USART3, GPIOA and GPIOB
    REGISTER(0x580244E0u) |= 3;
    REGISTER(0x4000480Cu) = 64;
    REGISTER(0x40004800u) = 9;
    program();
}
