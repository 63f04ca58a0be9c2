/* What a WebAssembly module of a compiled network offers: where its inputs and outputs lie in memory, and a run. */
#include "nn/model.h"

#define EXPORT(name) __attribute__((export_name(name)))

EXPORT("input_count") uint32_t export_input_count(void);
EXPORT("output_count") uint32_t export_output_count(void);
EXPORT("input") void *export_input(uint32_t number);
EXPORT("output") void *export_output(uint32_t number);
EXPORT("input_bytes") uint32_t export_input_bytes(uint32_t number);
EXPORT("output_bytes") uint32_t export_output_bytes(uint32_t number);
EXPORT("run") void export_run(void);

static const nn_tensor_t *tensor(const nn_tensor_t *tensors, uint32_t count, uint32_t number) {
    return number < count ? &tensors[number] : 0;
}

static const nn_tensor_t *input(uint32_t number) {
    return tensor(nn_model_ends.inputs, nn_model_ends.input_count, number);
}

static const nn_tensor_t *output(uint32_t number) {
    return tensor(nn_model_ends.outputs, nn_model_ends.output_count, number);
}

uint32_t export_input_count(void) {
    return nn_model_ends.input_count;
}

uint32_t export_output_count(void) {
    return nn_model_ends.output_count;
}

/* 0 where there is no such tensor. */
void *export_input(uint32_t number) {
    return input(number) ? input(number)->data : 0;
}

void *export_output(uint32_t number) {
    return output(number) ? output(number)->data : 0;
}

uint32_t export_input_bytes(uint32_t number) {
    return input(number) ? input(number)->bytes : 0;
}

uint32_t export_output_bytes(uint32_t number) {
    return output(number) ? output(number)->bytes : 0;
}

void export_run(void) {
    for (uint32_t layer = 0; layer < nn_model.layer_count; layer++) {
        nn_model.layers[layer].run();
    }
}
