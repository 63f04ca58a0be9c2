/*
 * What the compiler hands to the kernels: one constant structure a layer.
 *
 * All activations are int8, height x width x channels with the channel innermost, batch 1. A real value is
 * scale * (q - zero). Kernels multiply raw q of the input: the part -zero * sum(weights) is in the bias already,
 * so whatever lies outside the input has to count as `input_zero`.
 *
 * Input and output may overlap in memory: the memory plan lets an output grow into the part of the input that is
 * used up, by the order of reads and writes each kernel's comment promises. Hence no `restrict` anywhere here.
 */
#ifndef NN_TYPES_H
#define NN_TYPES_H

#include <stddef.h>
#include <stdint.h>

typedef struct nn_shape {
    uint16_t height, width, channels;
} nn_shape_t;

/* A sliding window; output pixel (y, x) sees the input from (y * stride_y - pad_top, x * stride_x - pad_left) on. */
typedef struct nn_window {
    uint16_t height, width;
    uint16_t stride_y, stride_x;
    uint16_t dilation_y, dilation_x;
    int16_t pad_top, pad_left;
} nn_window_t;

/* Output quantization: zero point and the clamp of the fused activation, all in int8 range. */
typedef struct nn_range {
    int16_t zero, min, max;
} nn_range_t;

/* Scaling of one output channel: see nn_scale() for multiplier and shifts; at most one shift is not 0. */
typedef struct nn_channel {
    int32_t bias;
    int32_t multiplier;
    int16_t left_shift, right_shift;
} nn_channel_t;

/* Convolutions of every kind; the layout of weights is each kernel's own. */
typedef struct nn_conv {
    nn_shape_t input, output;
    nn_window_t window;
    int16_t input_zero;
    nn_range_t range;
    const int8_t *weights;
    const nn_channel_t *channels; /* output.channels entries */
} nn_conv_t;

/* Scaling of one output of a fully connected layer: the reference scales those in double. */
typedef struct nn_fc_channel {
    double scale;
    int32_t bias;
} nn_fc_channel_t;

typedef struct nn_fc {
    uint32_t rows, inputs, outputs;
    nn_range_t range;
    const int8_t *weights;
    const nn_fc_channel_t *channels;
} nn_fc_t;

typedef struct nn_pad {
    nn_shape_t input, output;
    uint16_t top, left;
    int8_t value;
} nn_pad_t;

typedef struct nn_pool {
    nn_shape_t input, output;
    nn_window_t window;
    nn_range_t range;
} nn_pool_t;

typedef struct nn_mean {
    nn_shape_t input;
    nn_channel_t scale; /* bias = -zero * height * width */
    nn_range_t range;
} nn_mean_t;

typedef struct nn_add {
    uint32_t size;
    int16_t left_zero, right_zero;
    nn_channel_t left, right, sum; /* bias unused */
    nn_range_t range;
} nn_add_t;

typedef struct nn_lut {
    uint32_t size;
    const int8_t *table; /* 256 entries, for inputs -128..127 */
} nn_lut_t;

typedef struct nn_softmax {
    uint32_t rows, classes;
    const int32_t *table; /* exp of minus the difference to the largest input, 256 entries in Q0.31 */
} nn_softmax_t;

#endif
