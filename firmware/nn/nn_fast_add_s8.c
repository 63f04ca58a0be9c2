#include "nn/nn_fast.h"
#include "nn/nn_platform.h"

#define WORD 4

static inline int8_t saturate(int32_t value) {
    value = value < INT8_MIN ? INT8_MIN : value;
    return (int8_t)(value > INT8_MAX ? INT8_MAX : value);
}

/* Order: words of elements forward, each written after its inputs were read; then what is left over. */
NN_HOT void nn_fast_add_s8(const nn_fast_add_t *layer, const int8_t *left, const int8_t *right,
                           int8_t *output) {
    const int32_t *constants = layer->constants;
    if (constants[0] != 0) {
        layer->add(left, right, output, constants);
    }
    for (uint32_t i = layer->size / WORD * WORD; i < layer->size; i++) {
        const int32_t sum = left[i] * constants[1] + right[i] * constants[2] + constants[3];
        output[i] = saturate(sum >> layer->shift);
    }
}
