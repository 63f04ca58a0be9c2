#include "nn/nn_kernels.h"
#include "nn/nn_platform.h"
#include "nn/nn_walk.h"

/*
 * EQUAL, LESS, ... of two int8 tensors, as bool: ranks are compared, since both sides have scales of their own.
 *
 * Order: elements forward, each written after its inputs were read.
 */
NN_HOT void nn_compare_s8(const nn_compare_t *layer, const int8_t *left, const int8_t *right,
                          int8_t *output) {
    const int16_t *ranks = layer->left + 128, *others = layer->right + 128;
    NN_FOR_EACH(layer, left, right, output,
                layer->outcome[(ranks[a] >= others[b] ? 1 : 0) + (ranks[a] > others[b] ? 1 : 0)]);
}
