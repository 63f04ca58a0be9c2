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

#endif
