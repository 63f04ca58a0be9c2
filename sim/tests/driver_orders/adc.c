// ADC1 channels 1 to 3 at 1, 2 and 3 volts, ADC3's internal channels (RM0433 25.4).
#include "bench.h"

enum { ADC1 = 0x40022000, ADC3 = 0x58026000, ISR = 0x00, IER = 0x04, CR = 0x08, CFGR = 0x0C, SMPR2 = 0x18 };
enum { PCSEL = 0x1C, SQR1 = 0x30, DR = 0x40, COMMON_CCR = 0x308, TIM6 = 0x40001000, REQUEST = 9 };
enum { ADRDY = 1, EOC = 4, EOS = 8, OVR = 16, ADEN = 1, ADDIS = 2, ADSTART = 4, ADSTP = 16 };
enum {
    CONT = 1 << 13,
    OVRMOD = 1 << 12,
    TRIGGER_RISING = 1 << 10,
    TWELVE_BITS = 2 << 2,
    DMA_ONCE = 1,
    DMA_RING = 3
};

static volatile uint16_t values[24];
static volatile uint32_t ended, converted;

static int near(uint32_t value, uint32_t expected, uint32_t apart) {
    return value + apart >= expected && value <= expected + apart;
}

static uint32_t code(uint32_t millivolts, uint32_t full) {
    return millivolts * full / 3300;
}

// Out of deep power-down, regulator, calibration, then ADEN until ADRDY.
static int power_up(uint32_t adc) {
    REGISTER(adc + CR) = 0;
    REGISTER(adc + CR) = BIT(28);
    if (!wait_for(adc + ISR, BIT(12))) {
        return 0;
    }
    REGISTER(adc + CR) = BIT(28) | BIT(16);
    REGISTER(adc + CR) |= BIT(31);
    while (REGISTER(adc + CR) & BIT(31)) {
    }
    REGISTER(adc + ISR) = ADRDY;
    REGISTER(adc + CR) = BIT(28) | ADEN;
    return wait_for(adc + ISR, ADRDY);
}

static void start(uint32_t adc) {
    REGISTER(adc + ISR) = EOC | EOS | OVR;
    REGISTER(adc + CR) |= ADSTART;
}

static void stop(uint32_t adc) {
    REGISTER(adc + CR) |= ADSTP;
    while (REGISTER(adc + CR) & (ADSTP | ADSTART)) {
    }
}

static void polling(void) {
    REGISTER(ADC1 + CFGR) = OVRMOD;
    for (uint32_t channel = 1; channel <= 3; channel++) {
        REGISTER(ADC1 + SQR1) = channel << 6;
        start(ADC1);
        int ready = wait_for(ADC1 + ISR, EOC);
        check("a single conversion", ready && near(REGISTER(ADC1 + DR), code(1000 * channel, 65535), 8));
        check("EOS, and no more", REGISTER(ADC1 + ISR) & EOS && !(REGISTER(ADC1 + CR) & ADSTART));
    }
    REGISTER(ADC1 + CFGR) = CONT | OVRMOD | TWELVE_BITS;
    start(ADC1);
    int right = 1;
    for (int index = 0; index < 5; index++) {
        right = right && wait_for(ADC1 + ISR, EOC) && near(REGISTER(ADC1 + DR), code(3000, 4095), 2);
    }
    check("continuous conversion", right && REGISTER(ADC1 + CR) & ADSTART);
    stop(ADC1);
}

static void event(void) {
    if (REGISTER(ADC1 + ISR) & EOC) {
        values[converted++ % 24] = (uint16_t)REGISTER(ADC1 + DR);
    }
    REGISTER(ADC1 + ISR) = EOS;
}

static void interrupts(void) {
    on_interrupt(18, event);
    REGISTER(ADC1 + CFGR) = OVRMOD | BIT(14); // AUTDLY
    REGISTER(ADC1 + SQR1) = 2 | 3 << 6 | 1 << 12 | 2 << 18;
    REGISTER(ADC1 + IER) = EOC;
    start(ADC1);
    check("a sequence by interrupt", wait_count(&converted, 3) && near(values[0], code(3000, 65535), 8) &&
                                         near(values[1], code(1000, 65535), 8) &&
                                         near(values[2], code(2000, 65535), 8));
    REGISTER(ADC1 + IER) = 0;
}

static void streamed(void) {
    stream_clear(0);
    ended++;
}

static int by_dma(uint32_t configuration, uint32_t stream, uint32_t wanted) {
    ended = 0;
    fill((volatile uint8_t *)values, sizeof values, 0);
    REGISTER(ADC1 + SQR1) = 2 | 1 << 6 | 2 << 12 | 3 << 18;
    REGISTER(ADC1 + CFGR) = configuration | OVRMOD;
    stream_start(0, REQUEST, TO_MEMORY | HALVES | stream, ADC1 + DR, values, 24, streamed);
    start(ADC1);
    int right = wait_count(&ended, wanted);
    stop(ADC1);
    stream_stop(0);
    for (uint32_t index = 0; index < 24; index++) {
        right = right && near(values[index], code(1000 * (index % 3 + 1), 65535), 8);
    }
    return right;
}

static void dma(void) {
    check("a continuous sequence by DMA", by_dma(CONT | DMA_ONCE, 0, 1));
    check("into a ring", by_dma(CONT | DMA_RING, CIRCULAR, 3));
    open_gate(APB1LENR, 4);
    REGISTER(TIM6 + 0x2C) = 2399; // 100 kHz
    REGISTER(TIM6 + 0x04) = 2 << 4;
    REGISTER(TIM6) = 1;
    check("each sequence started by TIM6", by_dma(DMA_RING | TRIGGER_RISING | 13 << 5, CIRCULAR, 2));
    REGISTER(TIM6) = 0;
}

static void internal(void) {
    open_gate(AHB4ENR, 24);
    check("ADC3 is ready", power_up(ADC3));
    REGISTER(ADC3 + COMMON_CCR) = BIT(22) | BIT(23) | BIT(24);
    REGISTER(ADC3 + PCSEL) = BIT(17) | BIT(18) | BIT(19);
    REGISTER(ADC3 + SMPR2) = 7 << 21 | 7 << 24 | 7 << 27;
    for (uint32_t channel = 18; channel <= 19; channel++) {
        REGISTER(ADC3 + SQR1) = channel << 6;
        start(ADC3);
        uint32_t factory = *(volatile uint16_t *)(channel == 18 ? 0x1FF1E820 : 0x1FF1E860);
        check(channel == 18 ? "temperature at 30 degrees" : "the reference",
              wait_for(ADC3 + ISR, EOC) && near(REGISTER(ADC3 + DR), factory, 4));
    }
    REGISTER(ADC3 + CR) |= ADDIS;
    check("and off again", !(REGISTER(ADC3 + CR) & ADEN));
}

void program(void) {
    open_gate(AHB1ENR, 5);
    check("ADC1 is ready", power_up(ADC1));
    polling();
    interrupts();
    dma();
    internal();
}
