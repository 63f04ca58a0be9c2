#include "nn/nn_fast.h"
#include "nn/nn_fast_widen.h"
#include "nn/nn_platform.h"

/* Order: rows forward; all of a row is read before its outputs are written. */
NN_HOT void nn_fast_dense_s8(const nn_fast_dense_t *layer, const int8_t *input, int8_t *output) {
    const uint32_t whole = layer->outputs / NN_DENSE_OUTPUTS, rest = layer->outputs % NN_DENSE_OUTPUTS;
    const uint32_t counts[2] = {whole, layer->turns}, one[2] = {1, layer->turns};
    const uint32_t *last = layer->constants + whole * layer->block_words;
    for (uint32_t row = 0; row < layer->rows; row++, input += layer->inputs, output += layer->outputs) {
        nn_fast_widen(layer->widen, 1, input, layer->scratch, layer->inputs);
        if (whole != 0) {
            layer->dense(layer->scratch, layer->constants, output, counts);
        }
        if (rest != 0) {
            int8_t block[NN_DENSE_OUTPUTS];
            layer->dense(layer->scratch, last, block, one);
            for (uint32_t i = 0; i < rest; i++) {
                output[whole * NN_DENSE_OUTPUTS + i] = block[i];
            }
        }
    }
}
