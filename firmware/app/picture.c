/*
 * Looks at pairs of neighbours on a grid, see picture.h.
 */
#include "app/picture.h"

#define GRID 12U /* rows and columns of pairs */

#define DARKEST   1U
#define BRIGHTEST 30U

/* Mean difference of neighbours' green (of 63), in sixteenths. White noise has 21 x 16 = 336; photographs of gravel and
 * grass, the roughest of the demo set, have 67 and 62. */
#define NOISE_LEVEL 200U

static uint32_t green(uint32_t pixel) {
    return pixel >> 5 & 0x3FU;
}

picture_kind_t picture_judge(const uint16_t *pixels, uint32_t width, uint32_t height) {
    static uint32_t last_signature, same;
    uint32_t signature = 0, difference = 0, darkest = 63, brightest = 0;
    for (uint32_t row = 0; row < GRID; row++) {
        const uint16_t *const line = pixels + (2 * row + 1) * height / (2 * GRID) * width;
        for (uint32_t column = 0; column < GRID; column++) {
            const uint16_t *const pair = line + (2 * column + 1) * width / (2 * GRID);
            const uint32_t left = green(pair[0]), right = green(pair[1]);
            difference += left > right ? left - right : right - left;
            darkest = left < darkest ? left : darkest;
            brightest = left > brightest ? left : brightest;
            signature = signature * 31U + (pair[0] ^ (uint32_t)pair[1] << 16);
        }
    }
    same = signature == last_signature ? same + 1U : 0U;
    last_signature = signature;
    if (brightest / 2U <= DARKEST) {
        return PICTURE_BLACK;
    }
    if (darkest / 2U >= BRIGHTEST) {
        return PICTURE_WHITE;
    }
    if (difference * 16U / (GRID * GRID) > NOISE_LEVEL) {
        return PICTURE_NOISE;
    }
    return same >= PICTURE_SAME_MAX ? PICTURE_FROZEN : PICTURE_ORDINARY;
}
