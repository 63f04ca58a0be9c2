/*
 * Direct memory access for the camera: DMA2 stream 1 behind channel 9 of DMAMUX1 (RM0433 rev 8, chapter 15
 * "Direct memory access controller (DMA)", chapter 17 "DMA request multiplexer (DMAMUX)").
 *
 * DMA1 and DMA2 sit in domain D2: they reach AXI SRAM and SRAM1 to SRAM4, but neither DTCM nor ITCM.
 */
#ifndef CHIP_STM32H743_DMA_H
#define CHIP_STM32H743_DMA_H

#include "chip/stm32h743/mmio.h"

#include <stdbool.h>
#include <stdint.h>

#define DMA2_BASE   0x40020400U
#define DMA_STREAM  1U
#define DMA_REG(at) MMIO32(DMA2_BASE + 0x10U + 0x18U * DMA_STREAM + (at))

/* Flags of streams 0 to 3 in LISR and LIFCR; stream 1's start at bit 6. */
#define DMA_LISR      MMIO32(DMA2_BASE + 0x00U)
#define DMA_LIFCR     MMIO32(DMA2_BASE + 0x08U)
#define DMA_FEIF      (1U << 6)  /* FIFO overrun or underrun */
#define DMA_DMEIF     (1U << 8)  /* direct mode error */
#define DMA_TEIF      (1U << 9)  /* bus error */
#define DMA_HTIF      (1U << 10) /* half done */
#define DMA_TCIF      (1U << 11) /* all done */
#define DMA_ALL_FLAGS (DMA_FEIF | DMA_DMEIF | DMA_TEIF | DMA_HTIF | DMA_TCIF)

#define DMA_CR             DMA_REG(0x00U)
#define DMA_CR_EN          (1U << 0)
#define DMA_CR_DMEIE       (1U << 1)
#define DMA_CR_TEIE        (1U << 2)
#define DMA_CR_TCIE        (1U << 4)
#define DMA_CR_FROM_DEVICE (0U << 6)
#define DMA_CR_MINC        (1U << 10)
#define DMA_CR_PSIZE_32    (2U << 11)
#define DMA_CR_MSIZE_32    (2U << 13)
#define DMA_CR_PL_HIGHEST  (3U << 16)
#define DMA_CR_MBURST_4    (1U << 23)
#define DMA_NDTR           DMA_REG(0x04U)
#define DMA_PAR            DMA_REG(0x08U)
#define DMA_M0AR           DMA_REG(0x0CU)
#define DMA_FCR            DMA_REG(0x14U)
#define DMA_FCR_FTH_FULL   (3U << 0)
#define DMA_FCR_DMDIS      (1U << 2) /* FIFO on, direct mode off */

#define DMAMUX1_C9CR    MMIO32(0x40020800U + 4U * 9U) /* channel 8 + n serves DMA2 stream n */
#define DMAMUX_REQ_DCMI 75U /* RM0433 table "DMAMUX1: assignment of multiplexer inputs" */

/* Clock, request routing and interrupt. */
void dma_init(void);

/* Move `words` (a multiple of 4, at most 65535) 32-bit items from the register at `device` to
 * `memory` (16-byte aligned) as requests come. False when a former transfer does not end. */
bool dma_start(uint32_t device, void *memory, uint32_t words);

/* Items still to come. */
uint32_t dma_left(void);

/* Reset DMA2 as a whole; the camera's is its only stream. */
void dma_reset(void);

/* What the interrupt handler tells whoever started the stream (dcmi.c): DMA_ flags. */
void capture_dma_event(uint32_t flags);

#endif
