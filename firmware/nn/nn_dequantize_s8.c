#include "nn/nn_kernels.h"
#include "nn/nn_platform.h"

/* DEQUANTIZE of int8 (or uint8, by the range's limits) to float32. */
NN_HOT void nn_dequantize_s8(const nn_edge_t *layer, const int8_t *input, int8_t *output) {
    for (uint32_t i = 0; i < layer->size; i++) {
        const int32_t stored = layer->range.max > 127 ? (uint8_t)input[i] : input[i];
        const float value = layer->scale * (float)(stored - layer->range.zero);
        __builtin_memcpy(output + 4 * i, &value, sizeof value);
    }
}
