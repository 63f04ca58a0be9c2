#include "nn/nn_int16.h"
#include "nn/nn_kernels.h"
#include "nn/nn_platform.h"
#include "nn/nn_scale.h"

/*
 * QUANTIZE between int8, int16 and int32.
 *
 * Order: elements forward, each written after its input was read.
 */
NN_HOT void nn_requantize_wide(const nn_requantize_t *layer, const int8_t *input, int8_t *output) {
    for (uint32_t i = 0; i < layer->size; i++) {
        const int32_t stored = layer->input_bytes == 2 ? nn_load_int16(input, i) : input[i];
        int32_t value = nn_scale(stored - layer->input_zero, &layer->scale) + layer->output_zero;
        value = value < layer->min ? layer->min : value;
        value = value > layer->max ? layer->max : value;
        if (layer->output_bytes == 4) {
            __builtin_memcpy(output + 4 * i, &value, sizeof value);
        } else if (layer->output_bytes == 2) {
            nn_store_int16(output, i, value);
        } else {
            output[i] = (int8_t)value;
        }
    }
}
