#include "nn/nn_int16.h"
#include "nn/nn_kernels.h"
#include "nn/nn_platform.h"
#include "nn/nn_reciprocal.h"
#include "nn/nn_scale.h"

#define SUM_INTEGER_BITS 12 /* the sum of exponentials is Q12.19 */

/* SOFTMAX over the channels of int8 values, in int16: as nn_softmax_s8 with eight more bits in the end. */
NN_HOT void nn_softmax_s16(const nn_softmax_t *layer, const int8_t *input, int8_t *output) {
    const uint32_t classes = layer->classes;

    for (uint32_t row = 0; row < layer->rows; row++, input += classes, output += 2 * classes) {
        int32_t largest = -128;
        for (uint32_t i = 0; i < classes; i++) {
            largest = input[i] > largest ? input[i] : largest;
        }
        int32_t sum = 0;
        for (uint32_t i = 0; i < classes; i++) {
            sum += nn_rounding_shift(layer->table[largest - input[i]], SUM_INTEGER_BITS);
        }
        const int32_t headroom = nn_leading_zeros((uint32_t)sum);
        const int32_t scale = nn_reciprocal_of_one_plus((int32_t)(((uint32_t)sum << headroom) - 0x80000000u));
        const int32_t shift = SUM_INTEGER_BITS - headroom + 31 - 16;
        for (uint32_t i = 0; i < classes; i++) {
            const int32_t product = nn_high_multiply(scale, layer->table[largest - input[i]]);
            nn_store_int16(output, i, nn_clamp_int16(nn_rounding_shift(product, shift) + INT16_MIN));
        }
    }
}
