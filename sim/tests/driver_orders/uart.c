// USART2 at 115200 baud; the host sends 0123456789 when asked to (RM0433 48.5). LPUART1 by the basic DMA.
#include "bench.h"

enum {
    USART = 0x40004400,
    CR1 = 0x00,
    CR2 = 0x04,
    CR3 = 0x08,
    BRR = 0x0C,
    RTOR = 0x14,
    ISR = 0x1C,
    ICR = 0x20
};
enum { RDR = 0x24, TDR = 0x28, RX_REQUEST = 43, TX_REQUEST = 44 };
enum { UE = 1, RE = 4, TE = 8, FIFOEN = 1 << 29, IDLE = 1 << 4, RXNE = 1 << 5, TC = 1 << 6, TXE = 1 << 7 };
enum { RTOF = 1 << 11, RTOEN = 1 << 23, TEACK = 1 << 21, REACK = 1 << 22, RXFT = 1 << 26, RXFTIE = 1 << 28 };
enum { DMAR = 1 << 6, DMAT = 1 << 7, LPUART = 0x58000C00, BDMA = 0x58025400, DMAMUX2 = 0x58025800 };

static volatile uint8_t taken[32];
static volatile uint8_t basic[16] __attribute__((section(".basic")));
static volatile uint32_t ended, idles, count;
static const char digits[] = "0123456789", text[] = "interrupt";
static const char *next;

static void on(uint32_t fifo) {
    REGISTER(USART + CR1) = 0;
    REGISTER(USART + CR3) = 0;
    REGISTER(USART + BRR) = 1042;
    REGISTER(USART + CR1) = UE | RE | TE | fifo;
    check("transmitter and receiver are on", wait_for(USART + ISR, TEACK) && wait_for(USART + ISR, REACK));
    fill(taken, sizeof taken, 1);
}

static void polling(void) {
    for (const char *at = "poll"; *at; at++) {
        wait_for(USART + ISR, TXE);
        REGISTER(USART + TDR) = (uint32_t)*at;
    }
    check("sent", wait_for(USART + ISR, TC));
    say("digits, please\n");
    int right = 1;
    for (int index = 0; index < 10; index++) {
        right = right && wait_for(USART + ISR, RXNE);
        taken[index] = (uint8_t)REGISTER(USART + RDR);
    }
    check("received", right && same(taken, digits, 10) && wait_for(USART + ISR, IDLE));
    REGISTER(USART + ICR) = IDLE;
    say("digits, please\n");
    uint32_t seen = 0;
    for (int turn = 0; turn < 1000000 && !(REGISTER(USART + ISR) & IDLE); turn++) {
        if (REGISTER(USART + ISR) & RXNE) {
            taken[seen++ % 32] = (uint8_t)REGISTER(USART + RDR);
        }
    }
    check_equal("received until the line is idle", seen, 10);
    REGISTER(USART + ICR) = IDLE;
}

static void event(void) {
    uint32_t flags = REGISTER(USART + ISR), enables = REGISTER(USART + CR1);
    while (flags & RXNE && enables & RXNE) {
        taken[count++ % 32] = (uint8_t)REGISTER(USART + RDR);
        flags = REGISTER(USART + ISR) | (flags & IDLE);
    }
    if (flags & TXE && enables & TXE) {
        if (*next) {
            REGISTER(USART + TDR) = (uint32_t)*next++;
        } else {
            REGISTER(USART + CR1) = (REGISTER(USART + CR1) & ~(uint32_t)TXE) | TC;
        }
    } else if (flags & TC && enables & TC) {
        REGISTER(USART + CR1) &= ~(uint32_t)TC;
        ended++;
    }
    if (flags & IDLE && enables & IDLE) {
        REGISTER(USART + ICR) = IDLE;
        idles++;
    }
}

static void interrupts(void) {
    on_interrupt(38, event);
    next = text;
    ended = idles = count = 0;
    REGISTER(USART + CR1) |= TXE; // enables lie where their flags do
    check("sent by interrupt", wait_count(&ended, 1) && !*next);
    REGISTER(USART + CR1) |= RXNE | IDLE;
    say("digits, please\n");
    check("received by interrupt until idle",
          wait_count(&idles, 1) && count == 10 && same(taken, digits, 10));
    REGISTER(USART + CR1) &= ~(uint32_t)(RXNE | IDLE);
}

static void streamed(void) {
    stream_clear(0);
    ended++;
}

static void dma(void) {
    ended = 0;
    stream_start(0, TX_REQUEST, TO_PERIPHERAL, USART + TDR, (volatile void *)"by dma", 6, streamed);
    REGISTER(USART + ICR) = TC;
    REGISTER(USART + CR3) |= DMAT;
    check("sent by DMA", wait_count(&ended, 1) && wait_for(USART + ISR, TC));
    REGISTER(USART + CR3) &= ~(uint32_t)DMAT;
    stream_start(0, RX_REQUEST, TO_MEMORY, USART + RDR, taken, 10, streamed);
    REGISTER(USART + CR3) |= DMAR;
    say("digits, please\n");
    check("received by DMA", wait_count(&ended, 2) && same(taken, digits, 10) && wait_for(USART + ISR, IDLE));
    REGISTER(USART + CR3) &= ~(uint32_t)DMAR;
    idles = 0;
    stream_start(0, RX_REQUEST, TO_MEMORY | CIRCULAR, USART + RDR, taken, 16, NULL);
    REGISTER(USART + ICR) = IDLE;
    REGISTER(USART + CR1) |= IDLE;
    REGISTER(USART + CR3) |= DMAR;
    say("digits, please\n");
    check("received into a ring until idle",
          wait_count(&idles, 1) && stream_left(0) == 6 && same(taken, digits, 10));
    say("digits, please\n");
    check("and round it", wait_count(&idles, 2) && stream_left(0) == 12 && same(taken, "6789", 4));
    stream_stop(0);
    REGISTER(USART + CR3) &= ~(uint32_t)DMAR;
    REGISTER(USART + CR1) &= ~(uint32_t)IDLE;
}

static void more_flags(void) {
    REGISTER(USART + CR1) = 0;
    REGISTER(USART + CR3) = 2u << 25; // eight characters
    REGISTER(USART + RTOR) = 40;
    REGISTER(USART + CR2) = RTOEN;
    REGISTER(USART + CR1) = UE | RE | TE | FIFOEN;
    say("digits, please\n");
    check("the FIFO reaches its threshold", wait_for(USART + ISR, RXFT));
    check("the receiver times out", wait_for(USART + ISR, RTOF));
    for (count = 0; REGISTER(USART + ISR) & RXNE; count++) {
        taken[count] = (uint8_t)REGISTER(USART + RDR);
    }
    check("all of it was in the FIFO", count == 10 && same(taken, digits, 10));
    REGISTER(USART + ICR) = RTOF;
    check("and the flag goes", !(REGISTER(USART + ISR) & (RTOF | RXFT)));
    REGISTER(USART + CR1) = 0;
    REGISTER(USART + CR2) = 0;
}

// Memory-to-peripheral by channel 0 of the basic DMA: DMAMUX2 line 10 is LPUART1's transmitter.
static void low_power(void) {
    open_gate(APB4ENR, 3);
    open_gate(AHB4ENR, 21);
    for (int index = 0; index < 9; index++) {
        basic[index] = (uint8_t)"low power"[index];
    }
    REGISTER(LPUART + BRR) = 256 * 1042;
    REGISTER(LPUART + CR1) = UE | TE;
    REGISTER(DMAMUX2) = 10;
    REGISTER(BDMA + 0xC) = 9;
    REGISTER(BDMA + 0x10) = LPUART + TDR;
    REGISTER(BDMA + 0x14) = (uint32_t)(uintptr_t)basic;
    REGISTER(BDMA + 0x8) = BIT(7) | BIT(4) | 1;
    REGISTER(LPUART + CR3) = DMAT;
    check("LPUART1 sent by the basic DMA", wait_for(BDMA, BIT(1)) && wait_for(LPUART + ISR, TC));
}

void program(void) {
    open_gate(APB1LENR, 17);
    on(0);
    polling();
    interrupts();
    dma();
    on(FIFOEN);
    polling();
    interrupts();
    dma();
    more_flags();
    low_power();
}
