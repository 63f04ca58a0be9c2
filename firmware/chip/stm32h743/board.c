/*
 * The board's pins, see board.h.
 */
#include "chip/stm32h743/board.h"

#include "chip/stm32h743/rcc.h"

#define AF_MCO   0U
#define AF_I2C   4U
#define AF_SPI   5U
#define AF_USART 7U
#define AF_DCMI  13U

#define CAMERA_INPUT(p, n)                                                                                   \
    {.port = (p), .pin = (n), .mode = GPIO_ALTERNATE, .function = AF_DCMI, .pull = GPIO_NO_PULL}

const gpio_pin_t board_pins[PIN_COUNT] = {
    [PIN_CONSOLE_TX] = {GPIO_D, 8, GPIO_ALTERNATE, AF_USART, GPIO_PUSH_PULL, GPIO_MEDIUM, GPIO_NO_PULL},
    [PIN_CONSOLE_RX] = {GPIO_D, 9, GPIO_ALTERNATE, AF_USART, GPIO_PUSH_PULL, GPIO_LOW, GPIO_PULL_UP},

    /* The pull-ups inside (40 kOhm) only keep an empty socket quiet; the module brings 4.7 kOhm. */
    [PIN_SCCB_SCL] = {GPIO_B, 8, GPIO_ALTERNATE, AF_I2C, GPIO_OPEN_DRAIN, GPIO_LOW, GPIO_PULL_UP},
    [PIN_SCCB_SDA] = {GPIO_B, 9, GPIO_ALTERNATE, AF_I2C, GPIO_OPEN_DRAIN, GPIO_LOW, GPIO_PULL_UP},

    [PIN_CAMERA_XCLK] = {GPIO_A, 8, GPIO_ALTERNATE, AF_MCO, GPIO_PUSH_PULL, GPIO_HIGH, GPIO_NO_PULL},
    [PIN_CAMERA_RESET] = {GPIO_G, 2, GPIO_OUTPUT, 0, GPIO_PUSH_PULL, GPIO_LOW, GPIO_NO_PULL},
    [PIN_CAMERA_PWDN] = {GPIO_G, 3, GPIO_OUTPUT, 0, GPIO_PUSH_PULL, GPIO_LOW, GPIO_NO_PULL},

    [PIN_CAMERA_HREF] = CAMERA_INPUT(GPIO_A, 4),
    [PIN_CAMERA_PCLK] = CAMERA_INPUT(GPIO_A, 6),
    [PIN_CAMERA_VSYNC] = CAMERA_INPUT(GPIO_G, 9), /* not PB7: the Nucleo's blue LED hangs there */
    [PIN_CAMERA_D0] = CAMERA_INPUT(GPIO_C, 6),
    [PIN_CAMERA_D1] = CAMERA_INPUT(GPIO_C, 7),
    [PIN_CAMERA_D2] = CAMERA_INPUT(GPIO_C, 8),
    [PIN_CAMERA_D3] = CAMERA_INPUT(GPIO_C, 9),
    [PIN_CAMERA_D4] = CAMERA_INPUT(GPIO_E, 4),
    [PIN_CAMERA_D5] = CAMERA_INPUT(GPIO_B, 6),
    [PIN_CAMERA_D6] = CAMERA_INPUT(GPIO_E, 5),
    [PIN_CAMERA_D7] = CAMERA_INPUT(GPIO_E, 6),

    /* MOSI is PB5, not PA7 (Ethernet); there is no MISO: its pin PA6 carries the camera's pixel clock. */
    [PIN_LCD_SCK] = {GPIO_A, 5, GPIO_ALTERNATE, AF_SPI, GPIO_PUSH_PULL, GPIO_VERY_HIGH, GPIO_NO_PULL},
    [PIN_LCD_MOSI] = {GPIO_B, 5, GPIO_ALTERNATE, AF_SPI, GPIO_PUSH_PULL, GPIO_VERY_HIGH, GPIO_NO_PULL},
    [PIN_LCD_CS] = {GPIO_D, 14, GPIO_OUTPUT, 0, GPIO_PUSH_PULL, GPIO_MEDIUM, GPIO_NO_PULL},
    [PIN_LCD_DC] = {GPIO_D, 15, GPIO_OUTPUT, 0, GPIO_PUSH_PULL, GPIO_MEDIUM, GPIO_NO_PULL},
    [PIN_LCD_RESET] = {GPIO_F, 12, GPIO_OUTPUT, 0, GPIO_PUSH_PULL, GPIO_LOW, GPIO_NO_PULL},
};

void board_init(void) {
    for (uint32_t i = 0; i < PIN_COUNT; i++) {
        RCC_AHB4ENR |= RCC_AHB4ENR_GPIO(board_pins[i].port);
    }
    (void)RCC_AHB4ENR; /* wait for the clocks, RM0433 8.5.11 */
    gpio_write(&board_pins[PIN_CAMERA_RESET], false);
    gpio_write(&board_pins[PIN_CAMERA_PWDN], true);
    gpio_write(&board_pins[PIN_LCD_CS], true);
    gpio_configure(board_pins, PIN_COUNT);
}
