/* The kernels, each in a file of its name. All run in one pass over the output and need no scratch memory. */
#ifndef NN_KERNELS_H
#define NN_KERNELS_H

#include "nn/nn_types.h"

void nn_conv2d_s8(const nn_conv_t *layer, const int8_t *input, int8_t *output);
void nn_conv2d_1x1_s8(const nn_conv_t *layer, const int8_t *input, int8_t *output);
void nn_depthwise_s8(const nn_conv_t *layer, const int8_t *input, int8_t *output);
void nn_depthwise_x1_s8(const nn_conv_t *layer, const int8_t *input, int8_t *output);
void nn_fully_connected_s8(const nn_fc_t *layer, const int8_t *input, int8_t *output);
void nn_pad_s8(const nn_pad_t *layer, const int8_t *input, int8_t *output);
void nn_average_pool_s8(const nn_pool_t *layer, const int8_t *input, int8_t *output);
void nn_mean_s8(const nn_mean_t *layer, const int8_t *input, int8_t *output);
void nn_add_s8(const nn_add_t *layer, const int8_t *left, const int8_t *right, int8_t *output);
void nn_lut_s8(const nn_lut_t *layer, const int8_t *input, int8_t *output);
void nn_softmax_s8(const nn_softmax_t *layer, const int8_t *input, int8_t *output);
void nn_fully_connected_q31_s8(const nn_fc_q31_t *layer, const int8_t *input, int8_t *output);
void nn_average_pool_wide_s8(const nn_pool_wide_t *layer, const int8_t *input, int8_t *output);
void nn_max_pool_s8(const nn_pool_wide_t *layer, const int8_t *input, int8_t *output);
void nn_conv2d_grouped_s8(const nn_conv_wide_t *layer, const int8_t *input, int8_t *output);
void nn_transpose_conv_s8(const nn_conv_wide_t *layer, const int8_t *input, int8_t *output);
void nn_batch_matmul_s8(const nn_matmul_t *layer, const int8_t *left, const int8_t *right, int8_t *output);
void nn_add_broadcast_s8(const nn_binary_t *layer, const int8_t *left, const int8_t *right, int8_t *output);
void nn_sub_s8(const nn_binary_t *layer, const int8_t *left, const int8_t *right, int8_t *output);
void nn_mul_s8(const nn_binary_t *layer, const int8_t *left, const int8_t *right, int8_t *output);
void nn_div_s8(const nn_binary_t *layer, const int8_t *left, const int8_t *right, int8_t *output);
void nn_minimum_s8(const nn_binary_t *layer, const int8_t *left, const int8_t *right, int8_t *output);
void nn_maximum_s8(const nn_binary_t *layer, const int8_t *left, const int8_t *right, int8_t *output);
void nn_prelu_s8(const nn_binary_t *layer, const int8_t *input, const int8_t *alpha, int8_t *output);
void nn_squared_difference_s8(const nn_binary_t *layer, const int8_t *left, const int8_t *right,
                              int8_t *output);
void nn_compare_s8(const nn_compare_t *layer, const int8_t *left, const int8_t *right, int8_t *output);
void nn_mean_any_s8(const nn_reduce_t *layer, const int8_t *input, int8_t *output);
void nn_sum_u8(const nn_reduce_t *layer, const int8_t *input, int8_t *output);
void nn_reduce_max_s8(const nn_reduce_t *layer, const int8_t *input, int8_t *output);
void nn_reduce_min_s8(const nn_reduce_t *layer, const int8_t *input, int8_t *output);
void nn_arg_max_s8(const nn_arg_t *layer, const int8_t *input, int8_t *output);
void nn_resize_bilinear_s8(const nn_resize_t *layer, const int8_t *input, int8_t *output);
void nn_log_softmax_s8(const nn_log_softmax_t *layer, const int8_t *input, int8_t *output);
void nn_l2_normalize_s8(const nn_l2_t *layer, const int8_t *input, int8_t *output);

/* `state` is read and written: it is what a run leaves for the next one. */
void nn_lstm_s8(const nn_lstm_t *layer, const int8_t *input, int8_t *output_state, int8_t *cell_state,
                int8_t *output);
void nn_svdf_s8(const nn_svdf_t *layer, const int8_t *input, int8_t *state, int8_t *output);

/* Tensors of other types are given as their bytes. */
void nn_softmax_s16(const nn_softmax_t *layer, const int8_t *input, int8_t *output);
void nn_requantize_wide(const nn_requantize_t *layer, const int8_t *input, int8_t *output);
void nn_whole_s32(const nn_whole_t *layer, const int8_t *left, const int8_t *right, int8_t *output);
void nn_gather(const nn_gather_t *layer, const int8_t *input, const int8_t *numbers, int8_t *output);
void nn_one_hot(const nn_one_hot_t *layer, const int8_t *numbers, int8_t *output);
void nn_top_s8(const nn_top_t *layer, const int8_t *input, int8_t *output);
void nn_cast(const nn_cast_t *layer, const int8_t *input, int8_t *output);
void nn_lut_f32(const nn_lut_f32_t *layer, const int8_t *input, int8_t *output);
void nn_quantize_f32(const nn_edge_t *layer, const int8_t *input, int8_t *output);
void nn_dequantize_s8(const nn_edge_t *layer, const int8_t *input, int8_t *output);
void nn_select(const nn_select_t *layer, const int8_t *condition, const int8_t *left, const int8_t *right,
               int8_t *output);
void nn_fill(const nn_fill_t *layer, int8_t *output);
void nn_copy(const nn_copy_t *layer, const int8_t *input, int8_t *output);
void nn_copy_runs(const nn_copy_runs_t *layer, const int8_t *input, int8_t *output);

#endif
