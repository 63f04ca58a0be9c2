/*
 * Serial peripheral interface of the display: SPI1 (RM0433 rev 8, chapter 50 "Serial peripheral interface (SPI)") fed by
 * DMA1 stream 0 behind channel 0 of DMAMUX1 (chapters 15 and 17).
 */
#ifndef CHIP_STM32H743_SPI_H
#define CHIP_STM32H743_SPI_H

#include "chip/stm32h743/mmio.h"

#define SPI1_BASE             0x40013000U
#define SPI1_CR1              MMIO32(SPI1_BASE + 0x00U)
#define SPI1_CR1_SPE          (1U << 0)
#define SPI1_CR1_CSTART       (1U << 9)
#define SPI1_CR1_SSI          (1U << 12) /* "selected by nobody else", or a master falls back to slave */
#define SPI1_CR2              MMIO32(SPI1_BASE + 0x04U) /* TSIZE: frames of the transfer, 65535 at most */
#define SPI1_CFG1             MMIO32(SPI1_BASE + 0x08U)
#define SPI1_CFG1_DSIZE(bits) ((bits) - 1U)
#define SPI1_CFG1_TXDMAEN     (1U << 15)
#define SPI1_CFG1_MBR_2       (0U << 28) /* kernel clock / 2 */
#define SPI1_CFG2             MMIO32(SPI1_BASE + 0x0CU)
#define SPI1_CFG2_COMM_TRANSMITTER (1U << 17)
#define SPI1_CFG2_MASTER           (1U << 22)
#define SPI1_CFG2_SSM              (1U << 26)
#define SPI1_CFG2_AFCNTR           (1U << 31) /* the clock pin is driven also between transfers */
#define SPI1_IER                   MMIO32(SPI1_BASE + 0x10U)
#define SPI1_SR                    MMIO32(SPI1_BASE + 0x14U)
#define SPI1_IFCR                  MMIO32(SPI1_BASE + 0x18U)
#define SPI1_EOT                   (1U << 3) /* in IER, SR and IFCR alike: all TSIZE frames are through */
#define SPI1_ALL_FLAGS             0xFF8U
#define SPI1_TXDR_ADDRESS          (SPI1_BASE + 0x20U)
#define SPI1_TXDR8                 MMIO8(SPI1_TXDR_ADDRESS) /* an access as wide as a frame */

#define DMA1_BASE              0x40020000U
#define DMA1_LIFCR             MMIO32(DMA1_BASE + 0x08U)
#define DMA1_S0_ALL_FLAGS      0x3DU
#define DMA1_S0CR              MMIO32(DMA1_BASE + 0x10U)
#define DMA1_SCR_EN            (1U << 0)
#define DMA1_SCR_TO_PERIPHERAL (1U << 6)
#define DMA1_SCR_MINC          (1U << 10)
#define DMA1_SCR_PSIZE_16      (1U << 11)
#define DMA1_SCR_MSIZE_16      (1U << 13)
#define DMA1_SCR_MBURST_8      (2U << 23)
#define DMA1_S0NDTR            MMIO32(DMA1_BASE + 0x14U)
#define DMA1_S0PAR             MMIO32(DMA1_BASE + 0x18U)
#define DMA1_S0M0AR            MMIO32(DMA1_BASE + 0x1CU)
#define DMA1_S0FCR             MMIO32(DMA1_BASE + 0x24U)
#define DMA1_SFCR_FTH_FULL     (3U << 0)
#define DMA1_SFCR_DMDIS        (1U << 2) /* FIFO on, direct mode off */

#define DMAMUX1_C0CR       MMIO32(0x40020800U) /* channel n serves DMA1 stream n */
#define DMAMUX_REQ_SPI1_TX 38U                 /* RM0433 table "DMAMUX1: assignment of multiplexer inputs" */

#endif
