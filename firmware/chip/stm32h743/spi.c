/*
 * The display's interface, see spi.h and drivers/hal.h "Display".
 *
 * 48 MHz: the ILI9341's data sheet promises 10 MHz (100 ns a clock, section 18.3), at which a screen would take 123 ms.
 * Modules are run far above it as a rule; libraries' usual settings for it are 24 to 62.5 MHz. At 48 MHz a screen takes
 * 25.6 ms, less than the camera's 33.3 ms. A module that shows single wrong pixels wants SPI1_CFG1_MBR one step slower;
 * it then shows every second frame.
 */
#include "chip/stm32h743/spi.h"

#include "chip/stm32h743/board.h"
#include "chip/stm32h743/clock.h"
#include "chip/stm32h743/core.h"
#include "chip/stm32h743/rcc.h"
#include "drivers/hal.h"

#define FRAMES_MOST 65528U /* of TSIZE and NDTR; a multiple of the DMA's bursts */

/* 16 bytes at 48 MHz are 3 us; a poll takes 10 cycles or more. */
#define POLL_LIMIT 10000U

/* A stream told to stop finishes the burst it is in. */
#define STOP_POLLS 100000U

_Static_assert(CLOCK_SPI1_HZ / 2U == 48000000U, "see the head of this file");

static struct {
    const uint16_t *next;
    uint32_t left;
    volatile bool busy;
} transfer;

void hal_display_open(void) {
    RCC_APB2ENR |= RCC_APB2ENR_SPI1EN;
    RCC_AHB1ENR |= RCC_AHB1ENR_DMA1EN;
    (void)RCC_AHB1ENR; /* wait for the clocks, RM0433 8.5.11 */
    /* The display's stream is DMA1's only one. */
    RCC_APB2RSTR |= RCC_APB2RSTR_SPI1RST;
    RCC_AHB1RSTR |= RCC_AHB1RSTR_DMA1RST;
    (void)RCC_AHB1RSTR;
    RCC_APB2RSTR &= ~RCC_APB2RSTR_SPI1RST;
    RCC_AHB1RSTR &= ~RCC_AHB1RSTR_DMA1RST;
    (void)RCC_AHB1RSTR;
    transfer.busy = false;
    SPI1_CR1 = SPI1_CR1_SSI;
    SPI1_CFG2 = SPI1_CFG2_COMM_TRANSMITTER | SPI1_CFG2_MASTER | SPI1_CFG2_SSM | SPI1_CFG2_AFCNTR;
    nvic_enable(IRQ_SPI1, PRIORITY_DISPLAY);
}

void hal_display_reset(bool asserted) {
    gpio_write(&board_pins[PIN_LCD_RESET], !asserted);
}

/* The next transfer is `count` frames of `bits`; RM0433 50.4.8: everything but the start while SPE is 0. */
static void prepare(uint32_t count, uint32_t bits) {
    SPI1_CR1 = SPI1_CR1_SSI;
    SPI1_IFCR = SPI1_ALL_FLAGS;
    SPI1_CFG1 = SPI1_CFG1_MBR_2 | SPI1_CFG1_DSIZE(bits);
    SPI1_CR2 = count;
}

static void start(void) {
    SPI1_CR1 = SPI1_CR1_SSI | SPI1_CR1_SPE;
    SPI1_CR1 = SPI1_CR1_SSI | SPI1_CR1_SPE | SPI1_CR1_CSTART;
}

static void select_for(hal_display_kind_t kind) {
    gpio_write(&board_pins[PIN_LCD_DC], kind == HAL_DISPLAY_DATA);
    gpio_write(&board_pins[PIN_LCD_CS], false);
}

void hal_display_write(hal_display_kind_t kind, const uint8_t *bytes, size_t size) {
    select_for(kind);
    prepare((uint32_t)size, 8);
    SPI1_IER = 0;
    start();
    for (size_t i = 0; i < size; i++) {
        SPI1_TXDR8 = bytes[i]; /* the FIFO holds 16 */
    }
    for (uint32_t polls = 0; (SPI1_SR & SPI1_EOT) == 0U && polls < POLL_LIMIT; polls++) {
    }
    SPI1_CR1 = SPI1_CR1_SSI;
    gpio_write(&board_pins[PIN_LCD_CS], true);
}

static void stop_stream(void) {
    DMA1_S0CR = 0;
    for (uint32_t polls = 0; (DMA1_S0CR & DMA1_SCR_EN) != 0U && polls < STOP_POLLS; polls++) {
    }
    DMA1_LIFCR = DMA1_S0_ALL_FLAGS;
}

/* As much as one transfer takes, in the order of RM0433 50.4.14: stream, TXDMAEN, SPE. */
static void send_next(void) {
    const uint32_t count = transfer.left < FRAMES_MOST ? transfer.left : FRAMES_MOST;
    prepare(count, 16);
    stop_stream();
    DMAMUX1_C0CR = DMAMUX_REQ_SPI1_TX;
    DMA1_S0PAR = SPI1_TXDR_ADDRESS;
    DMA1_S0M0AR = (uint32_t)(uintptr_t)transfer.next;
    DMA1_S0NDTR = count;
    /* Reads a FIFO full at a time; the lowest priority, since the camera's pixels do not wait. */
    DMA1_S0FCR = DMA1_SFCR_DMDIS | DMA1_SFCR_FTH_FULL;
    DMA1_S0CR = DMA1_SCR_TO_PERIPHERAL | DMA1_SCR_MINC | DMA1_SCR_PSIZE_16 | DMA1_SCR_MSIZE_16 |
                DMA1_SCR_MBURST_8 | DMA1_SCR_EN;
    transfer.next += count;
    transfer.left -= count;
    SPI1_CFG1 |= SPI1_CFG1_TXDMAEN;
    SPI1_IER = SPI1_EOT;
    start();
}

void hal_display_send(const uint16_t *data, uint32_t count) {
    transfer.next = data;
    transfer.left = count;
    transfer.busy = true;
    select_for(HAL_DISPLAY_DATA);
    send_next();
}

bool hal_display_busy(void) {
    return transfer.busy;
}

void spi1_irq_handler(void);
void spi1_irq_handler(void) {
    SPI1_IFCR = SPI1_ALL_FLAGS;
    if (transfer.left != 0U) {
        send_next();
    } else {
        SPI1_IER = 0;
        SPI1_CR1 = SPI1_CR1_SSI;
        gpio_write(&board_pins[PIN_LCD_CS], true);
        transfer.busy = false;
    }
    core_dsb(); /* the clear has to reach the SPI before the handler ends, as in dma.c */
}
