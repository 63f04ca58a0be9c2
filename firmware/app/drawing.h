/*
 * Text on a picture of RGB565 pixels.
 */
#ifndef APP_DRAWING_H
#define APP_DRAWING_H

#include <stdint.h>

#define DRAWING_GREEN 0x07E0U
#define DRAWING_RED   0xF800U
#define DRAWING_WHITE 0xFFFFU

/* A character's cell: 6 x 8 dots of 2 x 2 pixels, the last column and row of dots empty. */
#define DRAWING_CELL_WIDTH  12U
#define DRAWING_CELL_HEIGHT 16U

typedef struct drawing {
    uint16_t *pixels; /* row by row */
    uint32_t width, height;
} drawing_t;

/* Write `text` in `colour` on black cells, the first with its upper left corner at (x, y). Small letters are written as
 * capitals, what is not ASCII as '?'; what does not fit whole on the line, or below the picture, is left out. */
void drawing_text(const drawing_t *drawing, uint32_t x, uint32_t y, const char *text, uint16_t colour);

#endif
