// TIM3 on 240 MHz: time base, PWM, capture on channel 2, bursts (RM0433 39.3, 39.4).
#include "bench.h"

enum {
    TIM = 0x40000400,
    CR1 = 0x00,
    DIER = 0x0C,
    SR = 0x10,
    EGR = 0x14,
    CCMR1 = 0x18,
    CCER = 0x20,
    CNT = 0x24
};
enum {
    PSC = 0x28,
    ARR = 0x2C,
    CCR1 = 0x34,
    CCR2 = 0x38,
    DCR = 0x48,
    DMAR = 0x4C,
    UPDATE = 27,
    CHANNEL1 = 23,
    CHANNEL2 = 24
};
enum {
    CEN = 1,
    UIF = 1,
    CC1 = 1 << 1,
    CC2 = 1 << 2,
    UDE = 1 << 8,
    CC1DE = 1 << 9,
    CC2DE = 1 << 10,
    PWM1 = 6 << 4,
    PRELOAD = 1 << 3
};

static volatile uint32_t updates, compares, captures, ended;
static volatile uint16_t values[6] = {0};

static void restart(uint32_t period) {
    REGISTER(TIM + CR1) = 0;
    REGISTER(TIM + DIER) = 0;
    REGISTER(TIM + PSC) = 239;
    REGISTER(TIM + ARR) = period - 1;
    REGISTER(TIM + CNT) = 0;
    REGISTER(TIM + EGR) = 1;
    REGISTER(TIM + SR) = 0;
}

static void event(void) {
    uint32_t flags = REGISTER(TIM + SR) & REGISTER(TIM + DIER);
    REGISTER(TIM + SR) = ~flags;
    updates += flags & UIF;
    compares += flags >> 1 & 1;
    captures += flags >> 2 & 1;
}

static void streamed(void) {
    stream_clear(0);
    ended++;
}

static void base(void) {
    restart(1000);
    REGISTER(TIM + CR1) = CEN;
    int counts = 0;
    for (int turn = 0; turn < 100000 && !counts; turn++) {
        counts = REGISTER(TIM + CNT) >= 500;
    }
    check("the counter counts", counts && wait_for(TIM + SR, UIF));
    on_interrupt(29, event);
    restart(1000);
    REGISTER(TIM + DIER) = UIF;
    REGISTER(TIM + CR1) = CEN;
    check("update interrupts", wait_count(&updates, 5));
    restart(500);
    for (int index = 0; index < 6; index++) {
        values[index] = (uint16_t)(100 + 50 * index);
    }
    ended = 0;
    stream_start(0, UPDATE, TO_PERIPHERAL | HALVES, TIM + ARR, values, 6, streamed);
    REGISTER(TIM + DIER) = UDE;
    REGISTER(TIM + CR1) = CEN;
    check("each update takes a period from memory", wait_count(&ended, 1) && REGISTER(TIM + ARR) == 350);
}

static void pwm(void) {
    restart(100);
    REGISTER(TIM + CCMR1) = PWM1 | PRELOAD;
    REGISTER(TIM + CCR1) = 30;
    REGISTER(TIM + CCER) = 1;
    REGISTER(TIM + EGR) = 1;
    REGISTER(TIM + SR) = 0;
    REGISTER(TIM + DIER) = CC1;
    REGISTER(TIM + CR1) = CEN;
    check("compare interrupts", wait_count(&compares, 3));
    restart(100);
    ended = 0;
    for (int index = 0; index < 6; index++) {
        values[index] = (uint16_t)(10 + 5 * index);
    }
    stream_start(0, CHANNEL1, TO_PERIPHERAL | HALVES, TIM + CCR1, values, 6, streamed);
    REGISTER(TIM + DIER) = CC1DE;
    REGISTER(TIM + CR1) = CEN;
    check("each compare takes the next from memory", wait_count(&ended, 1) && REGISTER(TIM + CCR1) == 35);
    restart(100);
    ended = 0;
    REGISTER(TIM + DCR) = 1 << 8 | CCR1 / 4; // two registers from CCR1 on
    stream_start(0, UPDATE, TO_PERIPHERAL | HALVES, TIM + DMAR, values, 6, streamed);
    REGISTER(TIM + DIER) = UDE;
    REGISTER(TIM + CR1) = CEN;
    check("a burst writes CCR1 and CCR2",
          wait_count(&ended, 1) && REGISTER(TIM + CCR1) == 30 && REGISTER(TIM + CCR2) == 35);
}

// Two rising edges on channel 2, a fifth of a millisecond apart: 200 counts.
static void ask_for_edges(uint32_t enables) {
    restart(65536);
    REGISTER(TIM + CCER) = 0;
    REGISTER(TIM + CCMR1) = 1 << 8;
    REGISTER(TIM + CCER) = CC2 << 2;
    REGISTER(TIM + DIER) = enables;
    REGISTER(TIM + CR1) = CEN;
    say("edges, please\n");
}

static void capture(void) {
    ask_for_edges(CC2);
    check("two edges were captured", wait_count(&captures, 2));
    uint32_t now = REGISTER(TIM + CNT), then = REGISTER(TIM + CCR2);
    check("a while ago", then && then <= now);
    ask_for_edges(0);
    int first = wait_for(TIM + SR, CC2);
    uint32_t at = REGISTER(TIM + CCR2);
    check("polled: the flag goes when its capture is read", first && !(REGISTER(TIM + SR) & CC2));
    check_equal("and comes with the next edge", wait_for(TIM + SR, CC2) ? REGISTER(TIM + CCR2) - at : 0, 200);
    ended = 0;
    values[0] = values[1] = 0;
    stream_start(0, CHANNEL2, TO_MEMORY | HALVES, TIM + CCR2, values, 2, streamed);
    ask_for_edges(CC2DE);
    check("captured into memory, one for each edge, whatever DCR says",
          wait_count(&ended, 1) && values[0] && values[1] - values[0] == 200);
}

void program(void) {
    open_gate(APB1LENR, 1);
    base();
    pwm();
    capture();
}
