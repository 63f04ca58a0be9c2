/*
 * Text on a picture, see drawing.h.
 */
#include "app/drawing.h"

#include "app/font.h"

#include <stdbool.h>

#define DOT 2U /* pixels, both ways */

static const uint8_t *glyph(char character) {
    char shown = character;
    if (shown >= 'a' && shown <= 'z') {
        shown = (char)(shown - 'a' + 'A');
    }
    if (shown < FONT_FIRST || shown > FONT_LAST) {
        shown = '?';
    }
    return font_glyphs[shown - FONT_FIRST];
}

/* A further byte of a character in UTF-8. */
static bool continues(char byte) {
    return ((uint8_t)byte & 0xC0U) == 0x80U;
}

/* A cell's row of dots, 0 beyond the glyph. */
static void draw_dots(uint16_t *row, uint32_t dots, uint16_t colour) {
    for (uint32_t column = 0; column <= FONT_WIDTH; column++) {
        const uint16_t pixel = (dots << column & 1U << FONT_WIDTH) != 0U ? colour : 0U;
        *row++ = pixel;
        *row++ = pixel;
    }
}

static void draw_character(const drawing_t *drawing, uint32_t x, uint32_t y, char character,
                           uint16_t colour) {
    const uint8_t *const dots = glyph(character);
    for (uint32_t line = 0; line < DRAWING_CELL_HEIGHT; line++) {
        const uint32_t dot_row = line / DOT;
        const uint32_t row = dot_row < FONT_HEIGHT ? dots[dot_row] : 0U;
        draw_dots(drawing->pixels + (y + line) * drawing->width + x, row << 1, colour);
    }
}

void drawing_text(const drawing_t *drawing, uint32_t x, uint32_t y, const char *text, uint16_t colour) {
    if (y + DRAWING_CELL_HEIGHT > drawing->height) {
        return;
    }
    for (; *text != '\0' && x + DRAWING_CELL_WIDTH <= drawing->width; text++) {
        if (!continues(*text)) {
            draw_character(drawing, x, y, *text, colour);
            x += DRAWING_CELL_WIDTH;
        }
    }
}
