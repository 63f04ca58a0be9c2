/*
 * Camera port: a snapshot of one frame, fetched by DMA; see dcmi.h and drivers/hal.h "Frame capture".
 *
 * Polarities fit COM10 = 0 of the OV7670 (drivers/ov7670.c): VSYNC high in vertical blanking, so "not valid"
 * is high; HREF high with pixels, so "not valid" is low; data change at the falling edge of PCLK and are
 * sampled at the rising one.
 */
#include "chip/stm32h743/dcmi.h"

#include "chip/stm32h743/core.h"
#include "chip/stm32h743/dma.h"
#include "chip/stm32h743/rcc.h"
#include "drivers/hal.h"

#define SNAPSHOT                                                                                             \
    (DCMI_CR_CM | DCMI_CR_PCKPOL | DCMI_CR_VSPOL) /* 8 bits, hardware synchronisation, every frame */

/* HAL_CAPTURE_ bits; both handlers run at the same priority, so neither interrupts the other's update. */
static volatile uint32_t events;

static void dcmi_reset(void) {
    RCC_AHB2RSTR |= RCC_AHB2RSTR_DCMIRST;
    (void)RCC_AHB2RSTR;
    RCC_AHB2RSTR &= ~RCC_AHB2RSTR_DCMIRST;
    (void)RCC_AHB2RSTR;
}

void dcmi_init(void) {
    RCC_AHB2ENR |= RCC_AHB2ENR_DCMIEN;
    (void)RCC_AHB2ENR; /* wait for the clock, RM0433 8.5.11 */
    dcmi_reset();
    dma_init();
    nvic_enable(IRQ_DCMI, PRIORITY_CAMERA);
}

bool hal_capture_start(void *buffer, uint32_t size) {
    DCMI_IER = 0;
    DCMI_CR = 0;
    DCMI_ICR = DCMI_INT_ALL;
    events = 0;
    nvic_enable(IRQ_DCMI, PRIORITY_CAMERA); /* a storm had them switched off */
    nvic_enable(IRQ_DMA2_STREAM1, PRIORITY_CAMERA);
    if (!dma_start(DCMI_DR_ADDRESS, buffer, size / sizeof(uint32_t))) {
        return false;
    }
    DCMI_IER = DCMI_INT_FRAME | DCMI_INT_OVR;
    /* ENABLE before CAPTURE (RM0433 "DCMI_CR": CAPTURE is set once everything else is). */
    DCMI_CR = SNAPSHOT | DCMI_CR_ENABLE;
    DCMI_CR = SNAPSHOT | DCMI_CR_ENABLE | DCMI_CR_CAPTURE;
    return true;
}

uint32_t hal_capture_events(void) {
    return events;
}

bool hal_capture_excess(void) {
    return (DCMI_SR & DCMI_SR_FNE) != 0U; /* the stream has ended: nobody will take it */
}

uint32_t hal_capture_missing(void) {
    return dma_left() * sizeof(uint32_t);
}

void hal_capture_abort(void) {
    /* Clearing CAPTURE would let the frame run to its end first: the reset stops at once. Camera port before
     * DMA, so that no request arrives at a stopped stream. */
    DCMI_IER = 0;
    dcmi_reset();
    dma_reset();
    events = 0;
}

void dcmi_irq_handler(void);
void dcmi_irq_handler(void) {
    const uint32_t flags = DCMI_MIS;
    DCMI_ICR = flags;
    if (nvic_is_storm(IRQ_DCMI, flags != 0U)) {
        events |= HAL_CAPTURE_STORM;
    }
    if ((flags & DCMI_INT_FRAME) != 0U) {
        events |= HAL_CAPTURE_FRAME_END;
    }
    if ((flags & DCMI_INT_OVR) != 0U) {
        events |= HAL_CAPTURE_OVERRUN;
    }
    core_dsb(); /* as in dma.c */
}

void capture_dma_event(uint32_t flags) {
    if (nvic_is_storm(IRQ_DMA2_STREAM1, flags != 0U)) {
        events |= HAL_CAPTURE_STORM;
    }
    if ((flags & DMA_TCIF) != 0U) {
        events |= HAL_CAPTURE_DATA_END;
    }
    if ((flags & (DMA_TEIF | DMA_DMEIF)) != 0U) {
        events |= HAL_CAPTURE_BUS_ERROR;
    }
    /* FEIF alone is no error here: the FIFO sets it also while the stream starts, and lost data show as
     * DCMI_OVR. */
}
