// SPI1 as master of a device that answers the complement of each byte (RM0433 50.4).
#include "bench.h"

enum {
    SPI = 0x40013000,
    CR1 = 0x00,
    CR2 = 0x04,
    CFG1 = 0x08,
    CFG2 = 0x0C,
    IER = 0x10,
    SR = 0x14,
    IFCR = 0x18
};
enum { TXDR = 0x20, RXDR = 0x30, LENGTH = 103, RX_REQUEST = 37, TX_REQUEST = 38 };
enum {
    RXP = 1,
    TXP = 2,
    DXP = 4,
    EOT = 8,
    TXTF = 16,
    OVR = 1 << 6,
    SPE = 1,
    CSTART = 1 << 9,
    HDDIR = 1 << 11
};
enum { MASTER = 1 << 22, AFCNTR = 1u << 31, FULL = 0, SEND = 1 << 17, RECEIVE = 2 << 17, HALF = 3 << 17 };
// 64 MHz / 64: an interrupt a byte is nothing a core without caches at 64 MHz could do much faster.
enum { RXDMAEN = 1 << 14, TXDMAEN = 1 << 15, EIGHT_BITS = 7, PRESCALER_64 = 5 << 28 };

static volatile uint8_t sent[LENGTH + 1], taken[LENGTH + 1];
static volatile uint32_t ended;
static volatile uint32_t to_send, to_take;

static int complement(void) {
    for (int index = 0; index < LENGTH; index++) {
        if ((taken[index] ^ sent[index]) != 0xFF) {
            return 0;
        }
    }
    return 1;
}

// A transfer begins with its direction and size while SPE is 0, then SPE, then CSTART.
static void configure(uint32_t direction, int threshold, uint32_t requests) {
    REGISTER(SPI + CFG1) = EIGHT_BITS | (uint32_t)(threshold - 1) << 5 | PRESCALER_64 | requests;
    REGISTER(SPI + CFG2) = MASTER | AFCNTR | direction;
    REGISTER(SPI + CR2) = LENGTH;
    for (int index = 0; index < LENGTH; index++) {
        taken[index] = 0;
    }
}

static int close(void) {
    int ended_well = wait_for(SPI + SR, EOT) && !(REGISTER(SPI + SR) & OVR);
    REGISTER(SPI + IFCR) = EOT | TXTF;
    REGISTER(SPI + CR1) &= ~(uint32_t)SPE;
    REGISTER(SPI + IER) = 0;
    REGISTER(SPI + IFCR) = 0xFF8;
    REGISTER(SPI + CFG1) &= ~(uint32_t)(TXDMAEN | RXDMAEN);
    return ended_well;
}

static int transfer(uint32_t direction, int threshold, uint32_t half) {
    int sends = direction == FULL || direction == SEND || (direction == HALF && half == HDDIR);
    int takes = direction == FULL || !sends;
    configure(direction, threshold, 0);
    REGISTER(SPI + CR1) = half;
    REGISTER(SPI + CR1) = half | SPE;
    REGISTER(SPI + CR1) |= CSTART;
    uint32_t out = sends ? LENGTH : 0, in = takes ? LENGTH : 0;
    for (int turn = 0; (out || in) && turn < 100000; turn++) {
        if (out && REGISTER(SPI + SR) & TXP) {
            BYTE(SPI + TXDR) = sent[LENGTH - out--];
        }
        if (in && REGISTER(SPI + SR) &
                      (RXP | 3 << 13 | BIT(15))) { // RXP, RXPLVL, RXWNE: the last are below a threshold
            taken[LENGTH - in--] = BYTE(SPI + RXDR);
        }
    }
    return close() && !out && !in;
}

static void polling(void) {
    check("both ways", transfer(FULL, 1, 0) && complement());
    check("both ways, threshold of four", transfer(FULL, 4, 0) && complement());
    check("send alone", transfer(SEND, 1, 0));
    check("receive alone", transfer(RECEIVE, 1, 0) && taken[LENGTH - 1] == 0xFF);
    check("half duplex out", transfer(HALF, 1, HDDIR));
    check("half duplex in", transfer(HALF, 1, 0) && taken[0] == 0xFF);
}

// Both ways while nobody reads, as older drivers send: the receiver overruns, the transfer goes on.
static void unread(void) {
    configure(FULL, 1, 0);
    REGISTER(SPI + CR1) = SPE;
    REGISTER(SPI + CR1) |= CSTART;
    for (int index = 0; index < LENGTH; index++) {
        if (!wait_for(SPI + SR, TXP)) {
            break;
        }
        BYTE(SPI + TXDR) = sent[index];
    }
    int over = wait_for(SPI + SR, EOT) && REGISTER(SPI + SR) & OVR;
    close();
    check("an unread transfer overruns and ends", over && !(REGISTER(SPI + SR) & OVR));
}

static void event(void) {
    uint32_t active = REGISTER(SPI + SR) & REGISTER(SPI + IER);
    if (active & (TXP | DXP) && to_send) {
        BYTE(SPI + TXDR) = sent[LENGTH - to_send--];
        if (!to_send) {
            REGISTER(SPI + IER) &= ~(uint32_t)TXP;
        }
    }
    if (active & (RXP | DXP) && to_take) {
        taken[LENGTH - to_take--] = BYTE(SPI + RXDR);
    }
    if (active & EOT) {
        while (to_take && REGISTER(SPI + SR) & (RXP | 3 << 13 | BIT(15))) {
            taken[LENGTH - to_take--] = BYTE(SPI + RXDR);
        }
        REGISTER(SPI + IER) = 0;
        ended++;
    }
}

static void interrupts(void) {
    on_interrupt(35, event);
    configure(FULL, 1, 0);
    to_send = to_take = LENGTH;
    REGISTER(SPI + CR1) = SPE;
    while (to_send && REGISTER(SPI + SR) & TXP) {
        BYTE(SPI + TXDR) = sent[LENGTH - to_send--]; // drivers fill the FIFO first
    }
    REGISTER(SPI + IER) = EOT | RXP | TXP | DXP;
    REGISTER(SPI + CR1) |= CSTART;
    check("both ways by interrupt", wait_count(&ended, 1) && close() && complement());
    configure(RECEIVE, 1, 0);
    to_send = 0;
    to_take = LENGTH;
    REGISTER(SPI + CR1) = SPE;
    REGISTER(SPI + IER) = EOT | RXP;
    REGISTER(SPI + CR1) |= CSTART;
    check("receive by interrupt", wait_count(&ended, 2) && close() && !to_take && taken[0] == 0xFF);
}

static void received(void) {
    stream_clear(0);
    ended++;
}

static void dma(void) {
    configure(FULL, 1, 0);
    uint32_t before = ended;
    stream_start(0, RX_REQUEST, TO_MEMORY, SPI + RXDR, taken, LENGTH, received);
    REGISTER(SPI + CFG1) |= RXDMAEN;
    stream_start(1, TX_REQUEST, TO_PERIPHERAL, SPI + TXDR, sent, LENGTH, NULL);
    REGISTER(SPI + CFG1) |= TXDMAEN;
    REGISTER(SPI + CR1) = SPE;
    REGISTER(SPI + CR1) |= CSTART;
    check("both ways by DMA", wait_count(&ended, before + 1) && close() && complement() && !stream_left(1));
    configure(SEND, 1, 0);
    stream_start(1, TX_REQUEST, TO_PERIPHERAL, SPI + TXDR, sent, LENGTH, NULL);
    REGISTER(SPI + CFG1) |= TXDMAEN;
    REGISTER(SPI + CR1) = SPE;
    REGISTER(SPI + CR1) |= CSTART;
    check("send by DMA", close() && !stream_left(1));
    configure(RECEIVE, 1, 0);
    before = ended;
    stream_start(0, RX_REQUEST, TO_MEMORY, SPI + RXDR, taken, LENGTH, received);
    REGISTER(SPI + CFG1) |= RXDMAEN;
    REGISTER(SPI + CR1) = SPE;
    REGISTER(SPI + CR1) |= CSTART;
    check("receive by DMA", wait_count(&ended, before + 1) && close() && taken[LENGTH - 1] == 0xFF);
}

void program(void) {
    open_gate(APB2ENR, 12);
    fill(sent, LENGTH, 5);
    polling();
    unread();
    interrupts();
    dma();
}
