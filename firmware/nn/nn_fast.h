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
#define NN_LANES         4 /* channels that share a row of planes */
#define NN_DENSE_OUTPUTS 8

/* int8 to int16, `blocks` of NN_WIDEN_BLOCK values or of a tile's pixels, at least one. */
typedef void nn_widen_t(const int8_t *input, int16_t *output, uint32_t blocks);

/* Two output channels of `tiles` x NN_TILE_PIXELS pixels, at least one tile. */
typedef void nn_tile_t(const int16_t *input, const uint32_t *constants, int8_t *output, uint32_t tiles);

/* A row of pixels as NN_LANES rows of a channel each, with its padding; `padding` holds the value of it twice. */
typedef void nn_planes_t(const int8_t *input, int16_t *output, uint32_t padding);

/* `rows` rows of one channel's outputs, at least one. */
typedef void nn_rows_t(const int16_t *input, const uint32_t *constants, int8_t *output, uint32_t rows);

/* Words of four elements: saturate((left * constants[1] + right * constants[2] + constants[3]) >> shift), as many as
 * constants[0], at least one. */
typedef void nn_add_words_t(const int8_t *left, const int8_t *right, int8_t *output,
                            const int32_t *constants);

/* counts[0] blocks of NN_DENSE_OUTPUTS outputs of one row, each of counts[1] turns of inputs. */
typedef void nn_dense_t(const int16_t *input, const uint32_t *constants, int8_t *output,
                        const uint32_t *counts);

/* CONV_2D of one pixel: `pixels` of `inputs` channels each to `outputs`. */
typedef struct nn_fast_pointwise {
    uint32_t pixels;
    uint32_t band; /* pixels at a time; scratch memory holds NN_TILE_PIXELS - 1 more */
    uint32_t inputs, outputs;
    uint32_t computed;    /* of the outputs: the last ones nothing reads */
    uint32_t split;       /* `widen` leaves each four values in the order 0 2 1 3 */
    uint32_t interleaved; /* scratch memory holds tiles, a word of each pixel in turn, not pixels */
    uint32_t pair_words;  /* of constants, for two output channels */
    nn_widen_t
        *widen; /* leaves each four values in the order 0 2 1 3; where interleaved, whole tiles a block */
    nn_tile_t *tile;
    const uint32_t *constants;
    int16_t *scratch;
} nn_fast_pointwise_t;

/* DEPTHWISE_CONV_2D with one output channel an input channel. */
typedef struct nn_fast_depthwise {
    int32_t height; /* rows of the input, of `row_bytes` each */
    uint32_t row_bytes;
    uint32_t channels;
    uint32_t computed; /* of the channels: the last ones nothing reads */
    uint32_t part;     /* channels at a time, whole lanes */
    int32_t rows;      /* of the output, of `pixels` each */
    uint32_t pixels;
    int32_t band;                /* output rows whose input the scratch memory holds */
    int32_t stride, window, pad; /* from row to row */
    uint32_t pitch;              /* values of a padded row of a channel */
    uint32_t padding;
    uint32_t channel_words; /* of constants */
    nn_planes_t *planes;
    nn_rows_t *convolve;
    const uint32_t *constants;
    int16_t *scratch;
} nn_fast_depthwise_t;

/* DEPTHWISE_CONV_2D and the CONV_2D of one pixel behind it. */
typedef struct nn_fast_separable {
    nn_fast_depthwise_t depthwise; /* writes int16 */
    uint32_t between;              /* values of a pixel, at least depthwise.computed */
    uint32_t between_at;           /* values in depthwise.scratch before them */
    uint32_t outputs;
    uint32_t computed;   /* of the outputs: the last one nothing reads */
    uint32_t pair_words; /* of constants, for two output channels */
    nn_tile_t *tile;
    const uint32_t *constants;
} nn_fast_separable_t;

/* CONV_2D of any window. */
typedef struct nn_fast_conv {
    int32_t height;      /* rows of the input, of `row_values` each */
    uint32_t row_values; /* pixels x channels */
    int32_t rows;        /* of the output, of `pixels` each, at least one tile */
    uint32_t pixels, outputs;
    uint32_t computed;           /* of the outputs: the last ones nothing reads */
    int32_t band;                /* output rows whose input the scratch memory holds */
    int32_t stride, extent, pad; /* from row to row; rows a window spans */
    uint32_t pad_values;         /* before a row */
    uint32_t pixel_values;       /* from a pixel's window to the next one's */
    uint32_t pitch;              /* values of a padded row */
    uint32_t copies; /* of each row; the second begins one value later, for windows at odd places */
    uint32_t split;  /* `widen` leaves each four values in the order 0 2 1 3 */
    int32_t padding;
    uint32_t pair_words; /* of constants, for two output channels */
    nn_widen_t *widen;
    nn_tile_t *tile;
    const uint32_t *constants;
    int16_t *scratch;
} nn_fast_conv_t;

/* FULLY_CONNECTED: `rows` of inputs times a matrix. */
typedef struct nn_fast_dense {
    uint32_t rows, inputs, outputs;
    uint32_t turns;       /* of a block, the last one filled up with weights of 0 */
    uint32_t block_words; /* of constants */
    nn_widen_t *widen;    /* leaves each four values in the order 0 2 1 3 */
    nn_dense_t *dense;
    const uint32_t *constants;
    int16_t *scratch;
} nn_fast_dense_t;

/* ADD or SUB of two tensors of one shape. */
typedef struct nn_fast_add {
    uint32_t size;
    int32_t constants[4]; /* of `add` */
    uint32_t shift;
    nn_add_words_t *add;
} nn_fast_add_t;

/* The first channel of the pair that `channel` begins; of an odd number the last pair begins one earlier. */
static inline uint32_t nn_fast_pair(uint32_t channel, uint32_t outputs) {
    return channel + NN_TILE_CHANNELS <= outputs ? channel : outputs - NN_TILE_CHANNELS;
}

void nn_fast_add_s8(const nn_fast_add_t *layer, const int8_t *left, const int8_t *right, int8_t *output);
void nn_fast_conv_s8(const nn_fast_conv_t *layer, const int8_t *input, int8_t *output);
void nn_fast_dense_s8(const nn_fast_dense_t *layer, const int8_t *input, int8_t *output);
void nn_fast_depthwise_s8(const nn_fast_depthwise_t *layer, const int8_t *input, int8_t *output);
void nn_fast_separable_s8(const nn_fast_separable_t *layer, const int8_t *input, int8_t *output);
void nn_fast_pointwise_s8(const nn_fast_pointwise_t *layer, const int8_t *input, int8_t *output);

#endif
