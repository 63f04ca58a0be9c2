#include "nn/nn_kernels.h"
#include "nn/nn_log.h"
#include "nn/nn_platform.h"

/*
 * The logarithm of SOFTMAX over the channels, in sixteenths: a difference to the largest input less the logarithm of
 * the sum of exponentials, both in Q5.26.
 *
 * Order: rows forward; all of a row is read before its first output is written, and output i is written after input i
 * was read for the last time.
 */
NN_HOT void nn_log_softmax_s8(const nn_log_softmax_t *layer, const int8_t *input, int8_t *output) {
    const uint32_t classes = layer->classes;
    const nn_range_t range = {127, -128, 127};

    for (uint32_t row = 0; row < layer->rows; row++, input += classes, output += classes) {
        int32_t largest = -128;
        for (uint32_t i = 0; i < classes; i++) {
            largest = input[i] > largest ? input[i] : largest;
        }
        int32_t sum = 0;
        for (uint32_t i = 0; i < classes; i++) {
            sum += layer->exponentials[largest - input[i]];
        }
        const int32_t log_sum = nn_log_of_at_least_one(sum);
        /* Differences from here on leave Q5.26 when the logarithm is taken off. */
        const int32_t reach = -nn_scale(log_sum + INT32_MIN, &layer->inverse);
        const int32_t limit = reach < layer->radius + 1 ? reach : layer->radius + 1;
        for (uint32_t i = 0; i < classes; i++) {
            const int32_t difference = largest - input[i];
            output[i] =
                difference < limit
                    ? nn_clamp(nn_rounding_shift(layer->differences[difference] - log_sum, 22), &range)
                    : -128;
        }
    }
}
