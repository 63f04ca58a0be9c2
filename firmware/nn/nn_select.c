#include "nn/nn_kernels.h"
#include "nn/nn_platform.h"

/* SELECT: an element of `left` where the condition's byte is not 0, else one of `right`. */
NN_HOT void nn_select(const nn_select_t *layer, const int8_t *condition, const int8_t *left,
                      const int8_t *right, int8_t *output) {
    const nn_walk_three_t *walk = &layer->walk;
    const int32_t item = (int32_t)layer->item;
    int32_t index[NN_LEVELS] = {0};
    int32_t at = 0, left_at = 0, right_at = 0, level;
    do {
        const int8_t *from = condition[at] != 0 ? left + left_at * item : right + right_at * item;
        for (int32_t byte = 0; byte < item; byte++) {
            *output++ = from[byte];
        }
        for (level = 0; level < walk->levels; level++) {
            at += walk->condition[level];
            left_at += walk->left[level];
            right_at += walk->right[level];
            if (++index[level] < walk->count[level]) {
                break;
            }
            at -= walk->condition[level] * walk->count[level];
            left_at -= walk->left[level] * walk->count[level];
            right_at -= walk->right[level] * walk->count[level];
            index[level] = 0;
        }
    } while (level < walk->levels);
}
