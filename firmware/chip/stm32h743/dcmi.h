/*
 * Digital camera interface (RM0433 rev 8, chapter 31 "Digital camera interface (DCMI)").
 */
#ifndef CHIP_STM32H743_DCMI_H
#define CHIP_STM32H743_DCMI_H

#include "chip/stm32h743/mmio.h"

#define DCMI_BASE 0x48020000U

#define DCMI_CR         MMIO32(DCMI_BASE + 0x00U)
#define DCMI_CR_CAPTURE (1U << 0)
#define DCMI_CR_CM      (1U << 1) /* snapshot: one frame, then CAPTURE clears itself */
#define DCMI_CR_PCKPOL  (1U << 5) /* sample at the rising edge of PIXCLK */
#define DCMI_CR_HSPOL   (1U << 6) /* HSYNC is high while data are not valid */
#define DCMI_CR_VSPOL   (1U << 7) /* VSYNC is high while data are not valid */
#define DCMI_CR_ENABLE  (1U << 14)
#define DCMI_SR         MMIO32(DCMI_BASE + 0x04U)
#define DCMI_SR_FNE     (1U << 2) /* words wait in the FIFO */
#define DCMI_IER        MMIO32(DCMI_BASE + 0x0CU)
#define DCMI_MIS        MMIO32(DCMI_BASE + 0x10U)
#define DCMI_ICR        MMIO32(DCMI_BASE + 0x14U)
#define DCMI_INT_FRAME  (1U << 0) /* these five in RIS, IER, MIS and ICR alike */
#define DCMI_INT_OVR    (1U << 1)
#define DCMI_INT_ERR    (1U << 2)
#define DCMI_INT_VSYNC  (1U << 3)
#define DCMI_INT_LINE   (1U << 4)
#define DCMI_INT_ALL    0x1FU
#define DCMI_DR_ADDRESS (DCMI_BASE + 0x28U)

/* Clock and interrupts of camera port and DMA. */
void dcmi_init(void);

#endif
