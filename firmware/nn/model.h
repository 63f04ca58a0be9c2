/*
 * The one thing the application sees of a compiled network: nn_model, defined by the generated
 * firmware/generated/model.c.
 *
 * To run it: fill `input` (height x width x channels, int8, channel innermost) and call every layer's run()
 * in order; then `output` holds output_count scores. Layers share one arena, so input and intermediate
 * results do not survive a run: fill the input anew before each one. Not re-entrant.
 */
#ifndef NN_MODEL_H
#define NN_MODEL_H

#include <stdint.h>

/* One step of the network. */
typedef struct nn_layer {
    const char *name; /* layer name of the training graph, e.g. "conv_pw_3" */
    const char *op;   /* operator, e.g. "CONV_2D" */
    uint32_t macs;    /* multiply-accumulates of one run; 0 where the operator has none */
    void (*run)(void);
} nn_layer_t;

/* A compiled network; all of it is constant but what input and output point to. */
typedef struct nn_model {
    const char *id;   /* model id of the card, e.g. "person_car_160" */
    const char *hash; /* first 8 hex digits of the .tflite file's SHA-256 */
    uint16_t input_height, input_width, input_channels;
    int8_t *input;
    const int8_t *output;
    uint16_t output_count;
    const char *const *labels; /* output_count class names */
    const int8_t *thresholds;  /* a class is present when its score >= its threshold */
    uint32_t arena_bytes;      /* RAM for all tensors, input and output included */
    uint32_t weight_bytes;     /* constants in flash: weights, biases, multipliers, tables */
    uint16_t layer_count;
    const nn_layer_t *layers;
    const int8_t
        *self_test_expected; /* output_count scores of the xor-v1 pattern, from the LiteRT reference */
} nn_model_t;

extern const nn_model_t nn_model;

#endif
