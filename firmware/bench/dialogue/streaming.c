/*
 * Stands in for a streaming wake-word image of MLPerf Tiny on the STM32F746: block A of SAI1 receives as a slave, DMA2
 * stream 1 brings 512 frames of two samples into one of two buffers, and its interrupt works on the other. PA9 is high
 * meanwhile; PA10 goes low for the first window and for each that is loud. Registers from RM0385 8.5 and 33.5.
 */
#include "streaming.h"

#include <stdint.h>

#define MMIO32(address) (*(volatile uint32_t *)(address))

#define RCC_AHB1ENR  MMIO32(0x40023830U)
#define RCC_APB2ENR  MMIO32(0x40023844U)
#define GPIOA_DMA2EN (1U << 0 | 1U << 22)
#define SAI1EN       (1U << 22)
#define GPIOA_MODER  MMIO32(0x40020000U)
#define GPIOA_BSRR   MMIO32(0x40020018U)
#define PA9_PA10_OUT (1U << 18 | 1U << 20)
#define BUSY         (1U << 9)
#define QUIET        (1U << 10)
#define LOW(pin)     ((pin) << 16)
#define DMA2_LIFCR   MMIO32(0x40026408U)
#define DMA2_S1CR    MMIO32(0x40026428U)
#define DMA2_S1NDTR  MMIO32(0x4002642CU)
#define DMA2_S1PAR   MMIO32(0x40026430U)
#define DMA2_S1M0AR  MMIO32(0x40026434U)
#define S1_FLAGS     (0x3DU << 6)
#define S1_RECEIVES                                                                                          \
    (1U << 0 | 1U << 4 | 1U << 10 | 1U << 11 | 1U << 13) /* EN, TCIE, MINC, halfwords both sides */
#define SAI1_ACR1    MMIO32(0x40015804U)
#define SAI1_ASR     MMIO32(0x40015818U)
#define SAI1_ADR     0x40015820U
#define SLAVE_16_BIT (3U << 0 | 4U << 5 | 1U << 17) /* MODE, DS, DMAEN */
#define SAIEN        (1U << 16)
#define OVRUDR       (1U << 0)
#define NVIC_ISER1   MMIO32(0xE000E104U)
#define STREAM1_BIT  (1U << (57U - 32U))

#define FRAMES 512U
#define LOUD   8192U

static int16_t samples[2][2U * FRAMES];
static uint32_t filling, first;

static void receive(void) {
    DMA2_LIFCR = S1_FLAGS;
    DMA2_S1PAR = SAI1_ADR;
    DMA2_S1M0AR = (uint32_t)samples[filling];
    DMA2_S1NDTR = 2U * FRAMES;
    DMA2_S1CR = S1_RECEIVES;
}

void dma2_stream1_handler(void) {
    const int16_t *heard = samples[filling];
    uint32_t level = 0;
    filling ^= 1U;
    receive();
    GPIOA_BSRR = BUSY;
    for (uint32_t i = 0; i < FRAMES; i++) {
        const int32_t left = heard[2U * i];
        level += (uint32_t)(left < 0 ? -left : left);
    }
    if (level > LOUD * FRAMES || first != 0U || (SAI1_ASR & OVRUDR) != 0U) {
        GPIOA_BSRR = LOW(QUIET);
        GPIOA_BSRR = QUIET;
        first = 0;
    }
    GPIOA_BSRR = LOW(BUSY);
}

void listening_start(void) {
    RCC_AHB1ENR |= GPIOA_DMA2EN;
    RCC_APB2ENR |= SAI1EN;
    (void)RCC_APB2ENR;
    GPIOA_BSRR = QUIET;
    GPIOA_MODER |= PA9_PA10_OUT;
    NVIC_ISER1 = STREAM1_BIT;
    first = 1;
    receive();
    SAI1_ACR1 = SLAVE_16_BIT;
    SAI1_ACR1 = SLAVE_16_BIT | SAIEN;
}

void listening_stop(void) {
    if ((RCC_APB2ENR & SAI1EN) == 0U) {
        return;
    }
    SAI1_ACR1 = 0;
    DMA2_S1CR = 0;
}
