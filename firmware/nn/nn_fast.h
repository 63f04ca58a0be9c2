/*
 * Drivers of the generated Cortex-M7 functions (model/compiler/fast): plain C that cuts a layer into bands, has each
 * widened into scratch memory, and hands it to a function made for the layer's shape.
 *
 * The results are those of the kernels in nn_kernels.h, bit for bit.
 */
#ifndef NN_FAST_H
#define NN_FAST_H

#include <stdint.h>

#define NN_WIDEN_BLOCK   8 /* values */
#define NN_TILE_PIXELS   4
#define NN_TILE_CHANNELS 2

/* int8 to int16, `blocks` of NN_WIDEN_BLOCK values, at least one. */
typedef void nn_widen_t(const int8_t *input, int16_t *output, uint32_t blocks);

/* Two output channels of `tiles` x NN_TILE_PIXELS pixels, at least one tile. */
typedef void nn_tile_t(const int16_t *input, const uint32_t *constants, int8_t *output, uint32_t tiles);

/* CONV_2D of one pixel: `pixels` of `inputs` channels each to `outputs`. */
typedef struct nn_fast_pointwise {
    uint32_t pixels;
    uint32_t band; /* pixels the scratch memory holds */
    uint32_t inputs, outputs;
    uint32_t pair_words; /* of constants, for two output channels */
    nn_widen_t *widen;   /* leaves each four values in the order 0 2 1 3 */
    nn_tile_t *tile;
    const uint32_t *constants;
    int16_t *scratch;
} nn_fast_pointwise_t;

void nn_fast_pointwise_s8(const nn_fast_pointwise_t *layer, const int8_t *input, int8_t *output);

#endif
