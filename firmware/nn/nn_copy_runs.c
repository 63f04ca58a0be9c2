#include "nn/nn_kernels.h"
#include "nn/nn_platform.h"

/*
 * Runs of bytes from anywhere to anywhere: GATHER, MIRROR_PAD, RESIZE_NEAREST_NEIGHBOR.
 *
 * Order: runs in the order of the list, each byte by byte forward.
 */
NN_HOT void nn_copy_runs(const nn_copy_runs_t *layer, const int8_t *input, int8_t *output) {
    for (uint32_t number = 0; number < layer->count; number++) {
        const nn_run_t run = layer->runs[number];
        for (uint32_t i = 0; i < run.length; i++) {
            output[run.output + i] = input[run.input + i];
        }
    }
}
