/*
 * The camera path of grey-scale networks, see preprocess.h.
 */
#include "app/preprocess.h"

/* Luma of one RGB565 pixel, 0..255: BT.601's weights in 256ths of the channels as preprocess() expands them. */
static uint32_t luma(uint32_t pixel) {
    const uint32_t red = (pixel >> 11 & 0x1FU) * 255U / 31U;
    const uint32_t green = (pixel >> 5 & 0x3FU) * 255U / 63U;
    const uint32_t blue = (pixel & 0x1FU) * 255U / 31U;
    return (77U * red + 150U * green + 29U * blue) >> 8;
}

void preprocess_luma(const uint16_t *frame, uint32_t frame_width, uint32_t frame_height, int8_t *out,
                     uint32_t width, uint32_t height) {
    for (uint32_t y = 0; y < height; y++) {
        const uint16_t *const source = frame + y * frame_height / height * frame_width;
        for (uint32_t x = 0; x < width; x++) {
            *out++ = (int8_t)((int32_t)luma(source[x * frame_width / width]) - 128);
        }
    }
}
