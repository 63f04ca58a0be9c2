#include "nn/nn_kernels.h"
#include "nn/nn_platform.h"

/* TOPK_V2: the places of the largest values of each row, the largest first; of equal ones the first place first. */
NN_HOT void nn_top_s8(const nn_top_t *layer, const int8_t *input, int8_t *output) {
    for (uint32_t row = 0; row < layer->rows; row++) {
        int32_t last = 128, at = -1; /* the value and the place found before */
        for (uint32_t i = 0; i < layer->count; i++) {
            int32_t best = -129, place = 0;
            for (uint32_t j = 0; j < layer->size; j++) {
                const int32_t value = input[j];
                if (value > best && (value < last || (value == last && (int32_t)j > at))) {
                    best = value;
                    place = (int32_t)j;
                }
            }
            last = best;
            at = place;
            __builtin_memcpy(output, &place, sizeof place);
            output += sizeof place;
        }
        input += layer->size;
    }
}
