// I2C1 as master of a memory at 0x50, as slave at 0x32 (RM0433 47.4; nobody is at 0x51).
#include "bench.h"

enum {
    I2C = 0x40005400,
    CR1 = 0x00,
    CR2 = 0x04,
    OAR1 = 0x08,
    TIMINGR = 0x10,
    ISR = 0x18,
    ICR = 0x1C,
    RXDR = 0x24
};
enum { TXDR = 0x28, MEMORY = 0x50 << 1, NOBODY = 0x51 << 1, LENGTH = 300, RX_REQUEST = 33, TX_REQUEST = 34 };
enum {
    TXE = 1,
    TXIS = 1 << 1,
    RXNE = 1 << 2,
    ADDR = 1 << 3,
    NACKF = 1 << 4,
    STOPF = 1 << 5,
    TC = 1 << 6,
    TCR = 1 << 7
};
enum { BUSY = 1 << 15, DIR = 1 << 16, READ = 1 << 10, START = 1 << 13 };
enum { RELOAD = 1 << 24, AUTOEND = 1 << 25, TXIE = 1 << 1, RXIE = 1 << 2, ADDRIE = 1 << 3, NACKIE = 1 << 4 };
enum { STOPIE = 1 << 5, TCIE = 1 << 6, ERRIE = 1 << 7, TXDMAEN = 1 << 14, RXDMAEN = 1 << 15 };

static volatile uint8_t sent[LENGTH], taken[LENGTH];
static volatile uint32_t ended, nacked;
static volatile uint8_t *next;
static volatile uint32_t to_move, in_chunk;
static uint32_t command;

static int wait(uint32_t flag) {
    return wait_for(I2C + ISR, flag);
}

static uint32_t bytes(uint32_t count) {
    return count << 16;
}

static int finish(void) {
    int stopped = wait(STOPF);
    REGISTER(I2C + ICR) = STOPF;
    REGISTER(I2C + CR2) &= ~0x01FF07FFu; // as drivers leave it: no address, no count, no direction
    return stopped && !(REGISTER(I2C + ISR) & BUSY);
}

// Polling

// Transfers of more than 255 bytes go in chunks, with RELOAD and TCR between them.
static uint32_t chunk(uint32_t left, uint32_t flags) {
    in_chunk = left > 255 ? 255 : left;
    REGISTER(I2C + CR2) = command | bytes(in_chunk) | (left > 255 ? (uint32_t)RELOAD : AUTOEND) | flags;
    return in_chunk;
}

static int move(int reads, volatile uint8_t *data, uint32_t count, uint32_t start) {
    chunk(count, start);
    for (uint32_t left = count; left; left--) {
        if (!in_chunk) {
            if (!wait(TCR)) {
                return 0;
            }
            chunk(left, 0);
        }
        if (!wait(reads ? RXNE : TXIS)) {
            return 0;
        }
        if (reads) {
            *data++ = (uint8_t)REGISTER(I2C + RXDR);
        } else {
            REGISTER(I2C + TXDR) = *data++;
        }
        in_chunk--;
    }
    return finish();
}

// The first byte is in TXDR before START.
static int preloaded_write(uint32_t address, volatile uint8_t *data, uint32_t count) {
    REGISTER(I2C + TXDR) = *data++;
    REGISTER(I2C + CR2) = address | bytes(count) | AUTOEND | START;
    while (--count) {
        if (!wait(TXIS)) {
            return 0;
        }
        REGISTER(I2C + TXDR) = *data++;
    }
    return finish();
}

static int memory_write(uint32_t place, volatile uint8_t *data, uint32_t count) {
    REGISTER(I2C + CR2) = MEMORY | bytes(1) | RELOAD | START;
    if (!wait(TXIS)) {
        return 0;
    }
    REGISTER(I2C + TXDR) = place;
    command = MEMORY;
    return wait(TCR) && move(0, data, count, 0);
}

static int select_place(uint32_t place) {
    REGISTER(I2C + CR2) = MEMORY | bytes(1) | START;
    if (!wait(TXIS)) {
        return 0;
    }
    REGISTER(I2C + TXDR) = place;
    return wait(TC);
}

static int memory_read(uint32_t place, volatile uint8_t *data, uint32_t count) {
    command = MEMORY | READ;
    return select_place(place) && move(1, data, count, START);
}

static int refused(void) {
    REGISTER(I2C + TXDR) = 1;
    REGISTER(I2C + CR2) = NOBODY | bytes(3) | AUTOEND | START;
    int seen = wait(NACKF) && wait(STOPF);
    REGISTER(I2C + ICR) = NACKF | STOPF;
    if (!(REGISTER(I2C + ISR) & TXE)) {
        REGISTER(I2C + ISR) = TXE; // the preloaded byte is still there
    }
    return seen && REGISTER(I2C + ISR) == TXE;
}

static void polling(void) {
    sent[0] = 0x10;
    check("memory answers its address", preloaded_write(MEMORY, sent, 1));
    check("write, first byte before START", preloaded_write(MEMORY, sent, 20));
    check("memory read", memory_read(0x10, taken, 19) && same(taken, sent + 1, 19));
    fill(sent, LENGTH, 3);
    check("memory write in chunks", memory_write(0, sent, LENGTH));
    check("memory read in chunks", memory_read(44, taken, LENGTH) && same(taken, sent + 44, LENGTH - 44));
    check("nobody answers", refused());
    check("and the next transfer goes on", memory_read(50, taken, 4) && same(taken, sent + 50, 4));
}

// Interrupts

static void event(void) {
    uint32_t flags = REGISTER(I2C + ISR);
    if (flags & NACKF) {
        REGISTER(I2C + ICR) = NACKF;
        nacked++;
    } else if (flags & RXNE) {
        *next++ = (uint8_t)REGISTER(I2C + RXDR);
        to_move--;
        in_chunk--;
    } else if (flags & TXIS) {
        REGISTER(I2C + TXDR) = *next++;
        to_move--;
        in_chunk--;
    } else if (flags & TCR) {
        chunk(to_move, 0);
    }
    if (flags & STOPF) {
        REGISTER(I2C + CR1) &= ~0xFEu;
        REGISTER(I2C + ICR) = STOPF;
        while (REGISTER(I2C + ISR) & RXNE && to_move) {
            *next++ = (uint8_t)REGISTER(I2C + RXDR);
            to_move--;
        }
        ended++;
    }
}

static int by_interrupt(uint32_t address, int reads, volatile uint8_t *data, uint32_t count) {
    uint32_t before = ended;
    next = data;
    to_move = count;
    command = address | (reads ? READ : 0);
    chunk(count, START);
    REGISTER(I2C + CR1) |= ERRIE | TCIE | STOPIE | NACKIE | (reads ? RXIE : TXIE);
    return wait_count(&ended, before + 1);
}

static void interrupts(void) {
    on_interrupt(31, event);
    on_interrupt(32, event);
    sent[0] = 0x20;
    check("write by interrupt", by_interrupt(MEMORY, 0, sent, 40) && !to_move);
    select_place(0x20);
    check("read by interrupt", by_interrupt(MEMORY, 1, taken, 39) && same(taken, sent + 1, 39));
    fill(sent, LENGTH, 0);
    check("chunks by interrupt", by_interrupt(MEMORY, 0, sent, LENGTH) && !to_move);
    check("chunks read by interrupt", by_interrupt(MEMORY, 1, taken, LENGTH) && !to_move);
    check("a refused address interrupts", by_interrupt(NOBODY, 0, sent, 3) && nacked == 1);
}

// DMA: the stream first, then START, then the request

static void moved(void) {
    stream_clear(0);
    REGISTER(I2C + CR1) &= ~(uint32_t)(TXDMAEN | RXDMAEN);
    REGISTER(I2C + CR1) |= STOPIE | TCIE;
}

static int by_dma(int reads, volatile uint8_t *data, uint32_t count) {
    uint32_t before = ended;
    to_move = 0;
    stream_start(0, reads ? RX_REQUEST : TX_REQUEST, reads ? TO_MEMORY : TO_PERIPHERAL,
                 I2C + (reads ? RXDR : TXDR), data, (int)count, moved);
    command = MEMORY | (reads ? READ : 0);
    chunk(count, START);
    REGISTER(I2C + CR1) |= ERRIE | NACKIE | (reads ? RXDMAEN : TXDMAEN);
    return wait_count(&ended, before + 1) && !stream_left(0);
}

static void dma(void) {
    fill(sent, LENGTH, 77);
    sent[0] = 0x30;
    check("write by DMA", by_dma(0, sent, 60));
    select_place(0x30);
    check("read by DMA", by_dma(1, taken, 59) && same(taken, sent + 1, 59));
}

// Slave at 0x32

static int addressed(uint32_t direction) {
    int seen = wait(ADDR) && (REGISTER(I2C + ISR) & DIR) == direction && REGISTER(I2C + ISR) >> 17 == 0x32;
    REGISTER(I2C + ICR) = ADDR;
    return seen;
}

static int slave_receive(void) {
    int right = addressed(0);
    for (int index = 0; index < 4; index++) {
        right = right && wait(RXNE);
        taken[index] = (uint8_t)REGISTER(I2C + RXDR);
    }
    return right && finish() && same(taken, "\1\2\3\4", 4);
}

static int slave_transmit(void) {
    int right = addressed(DIR);
    for (int index = 0; index < 4; index++) {
        right = right && wait(TXIS);
        REGISTER(I2C + TXDR) = (uint32_t)"wxyz"[index];
    }
    right = right && wait(NACKF);
    REGISTER(I2C + ISR) = TXE;
    REGISTER(I2C + ICR) = NACKF;
    return right && finish();
}

static void slave_event(void) {
    uint32_t flags = REGISTER(I2C + ISR);
    if (flags & ADDR) {
        REGISTER(I2C + ICR) = ADDR;
    } else if (flags & RXNE) {
        *next++ = (uint8_t)REGISTER(I2C + RXDR);
    }
    if (flags & STOPF) {
        REGISTER(I2C + ICR) = STOPF;
        ended++;
    }
}

static void slave(void) {
    REGISTER(I2C + CR1) = 0;
    REGISTER(I2C + OAR1) = BIT(15) | 0x32 << 1;
    REGISTER(I2C + CR1) = 1;
    say("write to slave\n");
    check("slave receives", slave_receive());
    say("read from slave\n");
    check("slave transmits", slave_transmit());
    on_interrupt(31, slave_event);
    uint32_t before = ended;
    next = taken;
    fill(taken, 4, 9);
    REGISTER(I2C + CR1) |= ADDRIE | RXIE | STOPIE;
    say("write to slave\n");
    check("slave receives by interrupt", wait_count(&ended, before + 1) && same(taken, "\1\2\3\4", 4));
    REGISTER(I2C + CR1) &= ~0xFEu;
    stream_start(0, TX_REQUEST, TO_PERIPHERAL, I2C + TXDR, (volatile void *)"wxyz", 4, NULL);
    REGISTER(I2C + CR1) |= TXDMAEN;
    say("read from slave\n");
    check("slave transmits by DMA", addressed(DIR) && wait(NACKF) && wait(STOPF) && !stream_left(0));
}

void program(void) {
    open_gate(APB1LENR, 21);
    REGISTER(I2C + TIMINGR) = 0x307075B1;
    REGISTER(I2C + CR1) = 1;
    fill(sent, LENGTH, 1);
    polling();
    interrupts();
    dma();
    slave();
}
