#include "nn/nn_int16.h"
#include "nn/nn_kernels.h"
#include "nn/nn_platform.h"
#include "nn/nn_scale.h"

/*
 * SVDF: every filter's product with the input goes to the end of the filter's memory, whose oldest value leaves; a unit
 * is the sum over its `rank` filters of memory times weights. `state` holds int16 [batch][filter][memory].
 */
NN_HOT void nn_svdf_s8(const nn_svdf_t *layer, const int8_t *input, int8_t *state, int8_t *output) {
    for (uint32_t batch = 0; batch < layer->batches; batch++, input += layer->inputs) {
        const int8_t *feature = layer->features;
        const int16_t *time = layer->times;
        for (uint32_t unit = 0; unit < layer->units; unit++) {
            uint32_t sum = (uint32_t)layer->bias[unit];
            for (uint32_t rank = 0; rank < layer->rank; rank++) {
                int32_t product = 0;
                for (uint32_t i = 0; i < layer->inputs; i++) {
                    product += *feature++ * (input[i] - layer->input_zero);
                }
                for (uint32_t step = 0; step + 1 < layer->memory; step++) {
                    nn_store_int16(state, step, nn_load_int16(state, step + 1));
                }
                nn_store_int16(state, layer->memory - 1,
                               nn_clamp_int16(nn_scale(product, &layer->feature_scale)));
                for (uint32_t step = 0; step < layer->memory; step++) {
                    sum += (uint32_t)(*time++ * nn_load_int16(state, step));
                }
                state += 2 * layer->memory;
            }
            *output++ = nn_clamp(nn_scale((int32_t)sum, &layer->output_scale), &layer->range);
        }
    }
}
