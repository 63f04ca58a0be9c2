/*
 * The camera path, see preprocess.h. Only the pixels the network sees are read: nearest-neighbour scaling
 * leaves nothing else, so no copy of the whole frame in RGB is ever made.
 */
#include "app/preprocess.h"

/* A channel's value widened to 8 bits, less 128, at its place in a pixel's three bytes. */
#define BYTE(value, place) ((uint32_t)((uint8_t)((value) - 128)) << 8 * (place))
#define RED(v)             BYTE((v) * 255 / 31, 0)
#define GREEN(v)           BYTE((v) * 255 / 63, 1)
#define BLUE(v)            BYTE((v) * 255 / 31, 2)
#define EIGHT(f, v) f(v), f((v) + 1), f((v) + 2), f((v) + 3), f((v) + 4), f((v) + 5), f((v) + 6), f((v) + 7)

static const uint32_t reds[32] = {EIGHT(RED, 0), EIGHT(RED, 8), EIGHT(RED, 16), EIGHT(RED, 24)};
static const uint32_t greens[64] = {EIGHT(GREEN, 0),  EIGHT(GREEN, 8),  EIGHT(GREEN, 16), EIGHT(GREEN, 24),
                                    EIGHT(GREEN, 32), EIGHT(GREEN, 40), EIGHT(GREEN, 48), EIGHT(GREEN, 56)};
static const uint32_t blues[32] = {EIGHT(BLUE, 0), EIGHT(BLUE, 8), EIGHT(BLUE, 16), EIGHT(BLUE, 24)};

static uint32_t widened(uint32_t pixel) {
    return reds[pixel >> 11] | greens[pixel >> 5 & 0x3FU] | blues[pixel & 0x1FU];
}

static void put_word(int8_t *out, uint32_t word) {
    __builtin_memcpy(out, &word, sizeof word);
}

/* Four pixels, `step` from one to the next, as three words. */
static void four_pixels(const uint16_t *source, uint32_t step, int8_t *out) {
    const uint32_t a = widened(source[0]), b = widened(source[step]);
    const uint32_t c = widened(source[2 * step]), d = widened(source[3 * step]);
    put_word(out, a | b << 24);
    put_word(out + 4, b >> 8 | c << 16);
    put_word(out + 8, c >> 16 | d << 8);
}

static void one_pixel(uint32_t pixel, int8_t *out) {
    const uint32_t value = widened(pixel);
    out[0] = (int8_t)value;
    out[1] = (int8_t)(value >> 8);
    out[2] = (int8_t)(value >> 16);
}

/* floor(i * from / to) for i = 0, 1, 2, ... without a division each: quotient and remainder are carried
 * along. */
typedef struct nearest {
    uint32_t index, remainder;
    uint32_t step, step_remainder, to;
} nearest_t;

static nearest_t nearest_start(uint32_t from, uint32_t to) {
    return (nearest_t){.step = from / to, .step_remainder = from % to, .to = to};
}

static void nearest_next(nearest_t *nearest) {
    nearest->index += nearest->step;
    nearest->remainder += nearest->step_remainder;
    if (nearest->remainder >= nearest->to) {
        nearest->remainder -= nearest->to;
        nearest->index++;
    }
}

void preprocess(const uint16_t *frame, uint32_t frame_width, uint32_t frame_height, int8_t *out,
                uint32_t width, uint32_t height) {
    nearest_t row = nearest_start(frame_height, height);
    for (uint32_t y = 0; y < height; y++, nearest_next(&row)) {
        const uint16_t *const source = frame + row.index * frame_width;
        nearest_t column = nearest_start(frame_width, width);
        uint32_t x = 0;
        if (column.step_remainder == 0) { /* evenly spaced: by fours as far as that goes */
            for (; x + 4 <= width; x += 4, out += 12) {
                four_pixels(source + x * column.step, column.step, out);
            }
            column.index = x * column.step;
        }
        for (; x < width; x++, nearest_next(&column), out += 3) {
            one_pixel(source[column.index], out);
        }
    }
}
