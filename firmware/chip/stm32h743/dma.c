/*
 * DMA2 stream 1, see dma.h.
 */
#include "chip/stm32h743/dma.h"

#include "chip/stm32h743/core.h"
#include "chip/stm32h743/rcc.h"

/* A stream told to stop finishes the burst it is in: microseconds. */
#define STOP_POLLS 100000U

void dma_init(void) {
    RCC_AHB1ENR |= RCC_AHB1ENR_DMA2EN;
    (void)RCC_AHB1ENR; /* wait for the clock, RM0433 8.5.11 */
    dma_reset();
    nvic_enable(IRQ_DMA2_STREAM1, PRIORITY_CAMERA);
}

void dma_reset(void) {
    RCC_AHB1RSTR |= RCC_AHB1RSTR_DMA2RST;
    (void)RCC_AHB1RSTR;
    RCC_AHB1RSTR &= ~RCC_AHB1RSTR_DMA2RST;
    (void)RCC_AHB1RSTR;
}

bool dma_start(uint32_t device, void *memory, uint32_t words) {
    /* RM0433 "Stream configuration procedure": a stream's registers may only change while EN reads 0, and EN
     * reads 1 until the last burst is over. */
    DMA_CR = 0;
    for (uint32_t polls = 0; (DMA_CR & DMA_CR_EN) != 0U; polls++) {
        if (polls == STOP_POLLS) {
            return false;
        }
    }
    DMA_LIFCR = DMA_ALL_FLAGS;
    DMAMUX1_C9CR = DMAMUX_REQ_DCMI; /* each time: the manual does not say whose reset clears it */
    DMA_PAR = device;
    DMA_M0AR = (uint32_t)(uintptr_t)memory;
    DMA_NDTR = words;
    /* The FIFO collects four words and writes them as one burst: a quarter of the bus transactions, and a
     * burst of 16 aligned bytes never crosses a 1 KB boundary, which AHB forbids. */
    DMA_FCR = DMA_FCR_DMDIS | DMA_FCR_FTH_FULL;
    DMA_CR = DMA_CR_FROM_DEVICE | DMA_CR_MINC | DMA_CR_PSIZE_32 | DMA_CR_MSIZE_32 | DMA_CR_MBURST_4 |
             DMA_CR_PL_HIGHEST | DMA_CR_TCIE | DMA_CR_TEIE | DMA_CR_DMEIE | DMA_CR_EN;
    return true;
}

uint32_t dma_left(void) {
    return DMA_NDTR;
}

void dma2_stream1_irq_handler(void);
void dma2_stream1_irq_handler(void) {
    const uint32_t flags = DMA_LISR & DMA_ALL_FLAGS;
    DMA_LIFCR = flags;
    capture_dma_event(flags);
    core_dsb(); /* the clear has to reach the DMA before the handler ends, else the interrupt comes once more
                 */
}
