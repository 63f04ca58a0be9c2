#include "nn/nn_kernels.h"
#include "nn/nn_platform.h"

/*
 * QUANTIZE of float32 to int8 or uint8: value / scale to nearest, ties away from zero; what is no number counts as 0.
 *
 * Order: elements forward, each written after its input was read.
 */
NN_HOT void nn_quantize_f32(const nn_edge_t *layer, const int8_t *input, int8_t *output) {
    for (uint32_t i = 0; i < layer->size; i++) {
        float value;
        __builtin_memcpy(&value, input + 4 * i, sizeof value);
        value /= layer->scale;
        /* Beyond +-1024 every clamp has the same answer; a comparison with NaN is false. */
        value = value < 1024.0f ? value : value >= 1024.0f ? 1024.0f : 0.0f;
        value = value > -1024.0f ? value : -1024.0f;
        int32_t whole = (int32_t)value;
        const float rest = value - (float)whole;
        whole += rest >= 0.5f ? 1 : rest <= -0.5f ? -1 : 0;
        whole += layer->range.zero;
        whole = whole < layer->range.min ? layer->range.min : whole;
        output[i] = (int8_t)(whole > layer->range.max ? layer->range.max : whole);
    }
}
