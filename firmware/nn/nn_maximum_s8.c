#include "nn/nn_kernels.h"
#include "nn/nn_platform.h"
#include "nn/nn_walk.h"

/*
 * MAXIMUM of the stored values: both tensors have the output's scale.
 *
 * Order: elements forward, each written after its inputs were read.
 */
NN_HOT void nn_maximum_s8(const nn_binary_t *layer, const int8_t *left, const int8_t *right, int8_t *output) {
    NN_FOR_EACH(layer, left, right, output, a > b ? a : b);
}
