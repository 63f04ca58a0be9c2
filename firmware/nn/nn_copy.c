#include "nn/nn_kernels.h"
#include "nn/nn_platform.h"
#include "nn/nn_walk.h"

/*
 * Strided copy: CONCATENATION, SPLIT, TRANSPOSE, STRIDED_SLICE, TILE, PAD and their kin, with elements of any type.
 *
 * Order: as the loops run, each block byte by byte forward.
 */
NN_HOT void nn_copy(const nn_copy_t *layer, const int8_t *input, int8_t *output) {
    const nn_walk_t *walk = &layer->walk;
    nn_at_t at = {{0}, layer->input_start, layer->output_start};
    do {
        const int8_t *from = input + at.left;
        int8_t *to = output + at.right;
        for (int32_t left_over = walk->count[0]; left_over != 0; left_over--) {
            for (uint32_t i = 0; i < layer->block; i++) {
                to[i] = from[i];
            }
            from += walk->left[0];
            to += walk->right[0];
        }
    } while (nn_walk_next(walk, &at));
}
