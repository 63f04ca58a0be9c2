#include "nn/nn_kernels.h"
#include "nn/nn_number.h"
#include "nn/nn_platform.h"

/* GATHER and EMBEDDING_LOOKUP by computed numbers; a number beyond counts as the nearest there is. */
NN_HOT void nn_gather(const nn_gather_t *layer, const int8_t *input, const int8_t *numbers, int8_t *output) {
    for (uint32_t block = 0; block < layer->outer; block++) {
        const uint32_t first = layer->by_row ? block * layer->count : 0;
        for (uint32_t i = 0; i < layer->count; i++) {
            int64_t number = nn_number(numbers, first + i, layer->wide);
            number = number < 0 ? 0 : number;
            number = number < layer->extent ? number : (int64_t)layer->extent - 1;
            const int8_t *from = input + (uint32_t)number * layer->row;
            for (uint32_t byte = 0; byte < layer->row; byte++) {
                *output++ = from[byte];
            }
        }
        input += layer->extent * layer->row;
    }
}
