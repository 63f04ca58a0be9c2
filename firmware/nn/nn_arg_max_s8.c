#include "nn/nn_kernels.h"
#include "nn/nn_platform.h"
#include "nn/nn_walk.h"

/* ARG_MAX and ARG_MIN along one axis: the index of the first of the largest (least) values, in 4 or 8 bytes. */
NN_HOT void nn_arg_max_s8(const nn_arg_t *layer, const int8_t *input, int8_t *output) {
    nn_at_t kept = {{0}, 0, 0};
    do {
        nn_at_t at = {{0}, kept.left, 0};
        int32_t index = 0, found = 0, best = input[at.left];
        do {
            const int32_t value = input[at.left];
            if (layer->least ? value < best : value > best) {
                best = value;
                found = index;
            }
            index++;
        } while (nn_walk_one_next(&layer->reduced, &at));
        for (uint32_t byte = 0; byte < (layer->wide ? 8u : 4u); byte++) {
            *output++ = (int8_t)(byte < 4 ? (uint32_t)found >> (8 * byte) : 0u);
        }
    } while (nn_walk_one_next(&layer->kept, &kept));
}
