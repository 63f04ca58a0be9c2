#include "nn/nn_kernels.h"
#include "nn/nn_platform.h"

/*
 * Any function of one int8 value (LOGISTIC): looked up in a table the compiler computed.
 *
 * Order: elements forward, each written after its input was read.
 */
NN_HOT void nn_lut_s8(const nn_lut_t *layer, const int8_t *input, int8_t *output) {
    for (uint32_t i = 0; i < layer->size; i++) {
        output[i] = layer->table[input[i] + 128];
    }
}
