/*
 * A font of 5 x 7 dots: space to underscore, so capital letters only.
 */
#ifndef APP_FONT_H
#define APP_FONT_H

#include <stdint.h>

#define FONT_WIDTH  5U
#define FONT_HEIGHT 7U
#define FONT_FIRST  0x20
#define FONT_LAST   0x5F

/* Seven rows a character, from the top; bit 4 is the leftmost dot. */
extern const uint8_t font_glyphs[FONT_LAST - FONT_FIRST + 1][FONT_HEIGHT];

#endif
