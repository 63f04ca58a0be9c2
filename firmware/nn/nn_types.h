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

typedef struct nn_lut_f32 {
    uint32_t size;
    const float *table; /* 256 entries, for inputs -128..127 */
} nn_lut_f32_t;

typedef struct nn_softmax {
    uint32_t rows, classes;
    const int32_t *table; /* exp of minus the difference to the largest input, 256 entries in Q0.31 */
} nn_softmax_t;

typedef struct nn_log_softmax {
    uint32_t rows, classes;
    int32_t radius;              /* the largest difference that counts in the sum */
    nn_channel_t inverse;        /* from Q5.26 back to differences; bias unused */
    const int32_t *exponentials; /* of minus the difference to the largest input, 256 entries in Q12.19 */
    const int32_t *differences;  /* minus the difference in Q5.26, 256 entries */
} nn_log_softmax_t;

/* A fully connected layer scaled in fixed point, as TensorFlow Lite Micro has it. */
typedef struct nn_fc_q31 {
    uint32_t rows, inputs, outputs;
    nn_range_t range;
    const int8_t *weights;
    const nn_channel_t *channels;
} nn_fc_q31_t;

/* nn_shape_t and nn_window_t for dimensions beyond 16 bits. */
typedef struct nn_shape_wide {
    int32_t height, width, channels;
} nn_shape_wide_t;

typedef struct nn_window_wide {
    int32_t height, width;
    int32_t stride_y, stride_x;
    int32_t dilation_y, dilation_x;
    int32_t pad_top, pad_left;
} nn_window_wide_t;

/* Convolutions in the plain kernels: `groups` blocks of input channels, each for its block of output channels. */
typedef struct nn_conv_wide {
    int32_t groups;
    nn_shape_wide_t input, output;
    nn_window_wide_t window;
    int16_t input_zero;
    nn_range_t range;
    const int8_t *weights; /* [output channel][kernel y][kernel x][input channel of the group] */
    const nn_channel_t *channels;
} nn_conv_wide_t;

typedef struct nn_pool_wide {
    nn_shape_wide_t input, output;
    nn_window_wide_t window;
    nn_range_t range;
} nn_pool_wide_t;

/* Products of two computed matrices; a step of 0 uses one matrix for every result. All steps are in elements. */
typedef struct nn_matmul {
    int32_t count, rows, depth, columns;
    int32_t left_step, right_step;     /* to the next matrix */
    int32_t left_row, left_value;      /* to the next row, to the next value of a row */
    int32_t right_column, right_value; /* to the next column, to the next value of a column */
    int16_t left_zero, right_zero;
    nn_channel_t scale; /* bias unused */
    nn_range_t range;
} nn_matmul_t;

/* One gate of an LSTM: scales lead to Q3.12; biases have the zero points folded in. */
typedef struct nn_lstm_gate {
    const int8_t *input_weights, *recurrent_weights; /* [cell][input], [cell][cell] */
    const int32_t *input_bias, *recurrent_bias;      /* one a cell */
    nn_channel_t input_scale, recurrent_scale;       /* biases unused */
} nn_lstm_gate_t;

/* An LSTM over a sequence; steps between batches and times are in elements. */
typedef struct nn_lstm {
    uint32_t batches, steps, inputs, cells;
    uint32_t input_batch, input_step, output_batch, output_step;
    nn_lstm_gate_t input, forget, cell, output;
    uint8_t coupled;           /* no input gate: one less the forget gate */
    int16_t cell_clip;         /* 0: none */
    int16_t cell_integer_bits; /* of a cell's 15 bits */
    nn_channel_t hidden;       /* from Q0.30 to the output; bias unused */
    nn_range_t range;
} nn_lstm_t;

/* SVDF: `units` sums of `rank` filters each. */
typedef struct nn_svdf {
    uint32_t batches, inputs, units, rank, memory;
    int16_t input_zero;
    nn_channel_t feature_scale, output_scale; /* biases unused */
    nn_range_t range;
    const int8_t *features; /* [filter][input] */
    const int16_t *times;   /* [filter][memory], the oldest first */
    const int32_t *bias;    /* one a unit */
} nn_svdf_t;

/* Nested loops over up to two tensors, the innermost first; steps are in elements of each tensor (nn_copy: bytes). */
#define NN_LEVELS 6

typedef struct nn_walk {
    int32_t levels; /* 1 to NN_LEVELS */
    int32_t count[NN_LEVELS];
    int32_t left[NN_LEVELS], right[NN_LEVELS];
} nn_walk_t;

typedef struct nn_walk_one {
    int32_t levels;
    int32_t count[NN_LEVELS];
    int32_t step[NN_LEVELS];
} nn_walk_one_t;

/* Two tensors element by element, either of which may broadcast (steps of 0); what is not used is 0. */
typedef struct nn_binary {
    nn_walk_t walk;
    int16_t left_zero, right_zero;
    nn_channel_t left, right, output; /* bias unused */
    nn_range_t range;
} nn_binary_t;

/* Truth values: what is known of the ranks of two int8 values. */
typedef struct nn_compare {
    nn_walk_t walk;
    const int16_t *left, *right; /* 256 ranks each, of the values -128..127 */
    int8_t outcome[3];           /* where the left one is less, equal, greater */
} nn_compare_t;

/* What is done to two values of int32; from NN_WHOLE_EQUAL on the results are bool. */
typedef enum nn_whole_kind {
    NN_WHOLE_ADD,
    NN_WHOLE_SUB,
    NN_WHOLE_MUL,
    NN_WHOLE_FLOOR_DIV,
    NN_WHOLE_FLOOR_MOD,
    NN_WHOLE_MINIMUM,
    NN_WHOLE_MAXIMUM,
    NN_WHOLE_EQUAL,
    NN_WHOLE_NOT_EQUAL,
    NN_WHOLE_LESS,
    NN_WHOLE_LESS_EQUAL,
    NN_WHOLE_GREATER,
    NN_WHOLE_GREATER_EQUAL,
} nn_whole_kind_t;

typedef struct nn_whole {
    nn_whole_kind_t kind;
    nn_walk_t walk;
} nn_whole_t;

/* Nested loops over a condition and two tensors, as nn_walk_t has them over two. */
typedef struct nn_walk_three {
    int32_t levels;
    int32_t count[NN_LEVELS];
    int32_t condition[NN_LEVELS], left[NN_LEVELS], right[NN_LEVELS];
} nn_walk_three_t;

typedef struct nn_select {
    uint32_t item; /* bytes of an element */
    nn_walk_three_t walk;
} nn_select_t;

/* Means and extremes: the loops over what is kept, and for each place those over what becomes one value. */
typedef struct nn_reduce {
    nn_walk_one_t kept, reduced;
    nn_channel_t scale; /* bias = -zero * count; unused by extremes */
    nn_range_t range;
} nn_reduce_t;

typedef struct nn_arg {
    nn_walk_one_t kept, reduced;
    uint8_t least; /* look for the least instead of the largest */
    uint8_t wide;  /* 8-byte indices instead of 4 */
} nn_arg_t;

/* Between two source places: at `low`, and `weight` 1024ths of the way to `high`. */
typedef struct nn_between {
    int32_t low, high, weight;
} nn_between_t;

typedef struct nn_resize {
    nn_shape_t input, output;
    const nn_between_t *rows, *columns; /* one for each of the output's */
} nn_resize_t;

typedef struct nn_l2 {
    uint32_t rows, depth;
    int16_t input_zero;
} nn_l2_t;

/* Between float32 and int8 or uint8, by the range's limits. */
typedef struct nn_edge {
    uint32_t size;
    float scale;
    nn_range_t range;
} nn_edge_t;

/* Between int8, int16 and int32. */
typedef struct nn_requantize {
    uint32_t size;
    uint32_t input_bytes, output_bytes; /* of an element: 1, 2 or 4 */
    int32_t input_zero, output_zero;
    nn_channel_t scale; /* bias unused */
    int32_t min, max;
} nn_requantize_t;

/* Elements taken by number: of `outer` blocks of `extent` rows of `row` bytes each, `count` rows. */
typedef struct nn_gather {
    uint32_t outer, extent, row, count;
    uint8_t wide;   /* 8-byte numbers instead of 4 */
    uint8_t by_row; /* each block has `count` numbers of its own */
} nn_gather_t;

typedef struct nn_one_hot {
    uint32_t outer, depth, inner; /* numbers are outer x inner, the output outer x depth x inner */
    uint32_t item;                /* bytes of an element */
    uint8_t wide;                 /* 8-byte numbers instead of 4 */
    uint8_t on[8], off[8];        /* the two values, as bytes */
} nn_one_hot_t;

typedef struct nn_top {
    uint32_t rows, size, count;
} nn_top_t;

typedef enum nn_cast_type {
    NN_CAST_BOOL,
    NN_CAST_INT8,
    NN_CAST_UINT8,
    NN_CAST_INT16,
    NN_CAST_INT32,
    NN_CAST_INT64,
    NN_CAST_FLOAT32,
} nn_cast_type_t;

typedef struct nn_cast {
    uint32_t size;
    nn_cast_type_t from, to;
} nn_cast_t;

typedef struct nn_fill {
    uint32_t size;
    int16_t value;
} nn_fill_t;

/* Copies of `block` bytes each, as the loops say. */
typedef struct nn_copy {
    uint32_t block;
    nn_walk_t walk;
    int32_t input_start, output_start; /* bytes */
} nn_copy_t;

typedef struct nn_run {
    uint32_t input, output, length; /* bytes */
} nn_run_t;

typedef struct nn_copy_runs {
    uint32_t count;
    const nn_run_t *runs;
} nn_copy_runs_t;

#endif
