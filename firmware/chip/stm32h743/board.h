/*
 * The board: a Nucleo-H743ZI (UM1974) with an OV7670 module on its Zio and morpho headers, and an ILI9341 module on
 * D13, D22, D10, D9 and D8. Pins with their
 * alternate functions from DS12110, tables "Port A (to G) alternate functions".
 */
#ifndef CHIP_STM32H743_BOARD_H
#define CHIP_STM32H743_BOARD_H

#include "chip/stm32h743/gpio.h"

enum board_pin {
    PIN_CONSOLE_TX, /* USART3, wired to the on-board debugger's virtual COM port */
    PIN_CONSOLE_RX,
    PIN_SCCB_SCL, /* I2C1 */
    PIN_SCCB_SDA,
    PIN_CAMERA_XCLK, /* MCO1 */
    PIN_CAMERA_RESET,
    PIN_CAMERA_PWDN,
    PIN_CAMERA_HREF,
    PIN_CAMERA_PCLK,
    PIN_CAMERA_VSYNC,
    PIN_CAMERA_D0,
    PIN_CAMERA_D1,
    PIN_CAMERA_D2,
    PIN_CAMERA_D3,
    PIN_CAMERA_D4,
    PIN_CAMERA_D5,
    PIN_CAMERA_D6,
    PIN_CAMERA_D7,
    PIN_LCD_SCK, /* SPI1 */
    PIN_LCD_MOSI,
    PIN_LCD_CS,
    PIN_LCD_DC, /* low: command, high: data */
    PIN_LCD_RESET,
    PIN_COUNT,
};

extern const gpio_pin_t board_pins[PIN_COUNT];

/* Clocks of the ports in use, then every pin. The sensor stays in reset and powered down. */
void board_init(void);

#endif
