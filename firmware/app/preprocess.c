/*
 * The camera path, see preprocess.h. Only the pixels the network sees are read: nearest-neighbour scaling
 * leaves nothing else, so no copy of the whole frame in RGB is ever made.
 */
#include "app/preprocess.h"

#define EXPAND5(v) ((int8_t)((v) * 255 / 31 - 128))
#define EXPAND5_8(v)                                                                                         \
    EXPAND5(v), EXPAND5((v) + 1), EXPAND5((v) + 2), EXPAND5((v) + 3), EXPAND5((v) + 4), EXPAND5((v) + 5),    \
        EXPAND5((v) + 6), EXPAND5((v) + 7)
#define EXPAND6(v) ((int8_t)((v) * 255 / 63 - 128))
#define EXPAND6_8(v)                                                                                         \
    EXPAND6(v), EXPAND6((v) + 1), EXPAND6((v) + 2), EXPAND6((v) + 3), EXPAND6((v) + 4), EXPAND6((v) + 5),    \
        EXPAND6((v) + 6), EXPAND6((v) + 7)

static const int8_t expand5[32] = {EXPAND5_8(0), EXPAND5_8(8), EXPAND5_8(16), EXPAND5_8(24)};
static const int8_t expand6[64] = {EXPAND6_8(0),  EXPAND6_8(8),  EXPAND6_8(16), EXPAND6_8(24),
                                   EXPAND6_8(32), EXPAND6_8(40), EXPAND6_8(48), EXPAND6_8(56)};

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
        for (uint32_t x = 0; x < width; x++, nearest_next(&column)) {
            const uint32_t pixel = source[column.index];
            *out++ = expand5[pixel >> 11 & 0x1FU];
            *out++ = expand6[pixel >> 5 & 0x3FU];
            *out++ = expand5[pixel & 0x1FU];
        }
    }
}
