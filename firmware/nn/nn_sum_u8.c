#include "nn/nn_kernels.h"
#include "nn/nn_platform.h"
#include "nn/nn_scale.h"
#include "nn/nn_walk.h"

/*
 * SUM over any axes of int8 values taken for uint8, the result cut to 0..255: so LiteRT 2.3's reference kernel has it.
 *
 * Order: outputs forward, each written after its inputs were read.
 */
NN_HOT void nn_sum_u8(const nn_reduce_t *layer, const int8_t *input, int8_t *output) {
    nn_at_t kept = {{0}, 0, 0};
    do {
        nn_at_t at = {{0}, kept.left, 0};
        int32_t sum = 0;
        do {
            sum += (uint8_t)input[at.left];
        } while (nn_walk_one_next(&layer->reduced, &at));
        *output++ = nn_requantize(sum, &layer->scale, &layer->range);
    } while (nn_walk_one_next(&layer->kept, &kept));
}
