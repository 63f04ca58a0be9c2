#include "nn/nn_kernels.h"
#include "nn/nn_platform.h"

/* One value everywhere: the border of a PAD, before the rest is copied in. */
NN_HOT void nn_fill(const nn_fill_t *layer, int8_t *output) {
    for (uint32_t i = 0; i < layer->size; i++) {
        output[i] = (int8_t)layer->value;
    }
}
