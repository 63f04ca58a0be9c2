/*
 * ILI9341 display, 320 x 240 in landscape, on a four-wire serial interface (ILI9341 data sheet V1.11; section numbers
 * are its). Pixels are RGB565, a uint16_t each.
 */
#ifndef DRIVERS_ILI9341_H
#define DRIVERS_ILI9341_H

#include <stdbool.h>
#include <stdint.h>

#define ILI9341_WIDTH  320U
#define ILI9341_HEIGHT 240U

/* Hardware reset and set-up: awake, on, black until the first picture. Gives up a picture being sent. Takes 0.2 s. */
void ili9341_init(void);

/* Start to send a whole screen, row by row; only while not busy. `pixels` lie where the DMA reaches, 32-byte aligned,
 * written back from the cache, and stay as they are until ili9341_busy() says false. */
void ili9341_show(const uint16_t *pixels);

/* A picture is being sent. */
bool ili9341_busy(void);

#endif
