#include "nn/nn_kernels.h"
#include "nn/nn_number.h"
#include "nn/nn_platform.h"

/* ONE_HOT: for each number `depth` places, one value at the number's place and another elsewhere. */
NN_HOT void nn_one_hot(const nn_one_hot_t *layer, const int8_t *numbers, int8_t *output) {
    for (uint32_t block = 0; block < layer->outer; block++) {
        for (uint32_t place = 0; place < layer->depth; place++) {
            for (uint32_t i = 0; i < layer->inner; i++) {
                const int64_t number = nn_number(numbers, block * layer->inner + i, layer->wide);
                const uint8_t *value = number == place ? layer->on : layer->off;
                for (uint32_t byte = 0; byte < layer->item; byte++) {
                    *output++ = (int8_t)value[byte];
                }
            }
        }
    }
}
