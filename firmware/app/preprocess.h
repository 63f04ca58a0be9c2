/*
 * The camera path: an RGB565 frame to the network's int8 input, bit for bit what model/preprocessing.py
 * computes.
 */
#ifndef APP_PREPROCESS_H
#define APP_PREPROCESS_H

#include <stdint.h>

/* Scale `frame` (`frame_width` x `frame_height` RGB565 pixels) to `width` x `height` pixels of red, green,
 * blue in `out`: the nearest source pixel, floor(index * frame size / size); each channel expanded to 0..255
 * by (value * 255) / 31 (green: 63), then - 128. */
void preprocess(const uint16_t *frame, uint32_t frame_width, uint32_t frame_height, int8_t *out,
                uint32_t width, uint32_t height);

/* The same to one value a pixel: its luma, (77 red + 150 green + 29 blue) / 256 of the expanded channels, - 128. */
void preprocess_luma(const uint16_t *frame, uint32_t frame_width, uint32_t frame_height, int8_t *out,
                     uint32_t width, uint32_t height);

#endif
