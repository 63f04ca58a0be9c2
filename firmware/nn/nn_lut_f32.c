#include "nn/nn_kernels.h"
#include "nn/nn_platform.h"

/*
 * Any float32 function of one int8 value: looked up in a table the compiler computed.
 *
 * Order: elements forward, each written after its input was read.
 */
NN_HOT void nn_lut_f32(const nn_lut_f32_t *layer, const int8_t *input, int8_t *output) {
    for (uint32_t i = 0; i < layer->size; i++) {
        const int8_t *from = (const int8_t *)&layer->table[input[i] + 128];
        for (uint32_t byte = 0; byte < sizeof(float); byte++) {
            *output++ = from[byte];
        }
    }
}
