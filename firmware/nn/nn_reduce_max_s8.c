#include "nn/nn_kernels.h"
#include "nn/nn_platform.h"
#include "nn/nn_walk.h"

/*
 * REDUCE_MAX over any axes: the largest stored value; input and output share their scale.
 *
 * Order: outputs forward, each written after its inputs were read.
 */
NN_HOT void nn_reduce_max_s8(const nn_reduce_t *layer, const int8_t *input, int8_t *output) {
    nn_at_t kept = {{0}, 0, 0};
    do {
        nn_at_t at = {{0}, kept.left, 0};
        int8_t found = -128;
        do {
            const int8_t value = input[at.left];
            found = value > found ? value : found;
        } while (nn_walk_one_next(&layer->reduced, &at));
        *output++ = found;
    } while (nn_walk_one_next(&layer->kept, &kept));
}
