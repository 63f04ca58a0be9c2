/*
 * The one thing the application sees of a compiled network: nn_model, defined by the generated
 * firmware/generated/model.c.
 *
 * To run it: fill `input` (height x width x channels, int8, channel innermost) and call every layer's run()
 * in order; then `output` holds output_count scores. Layers share one arena, so input and intermediate
 * results do not survive a run: fill the input anew before each one. A model's variables have a memory of their own
 * and do survive it. Not re-entrant.
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
    const char *id;                                     /* model id of the card, e.g. "person_car_160" */
    const char *hash;                                   /* first 8 hex digits of the .tflite file's SHA-256 */
    uint16_t input_height, input_width, input_channels; /* 0 where beyond 16 bits: see nn_model_ends */
    int8_t *input;
    const int8_t *output;
    uint16_t output_count;     /* 0 where beyond 16 bits */
    const char *const *labels; /* output_count class names */
    const int8_t *thresholds;  /* a class is present when its score >= its threshold */
    uint32_t arena_bytes;      /* RAM for all tensors, input and output included */
    uint32_t weight_bytes;     /* constants in flash: weights, biases, multipliers, tables */
    uint16_t layer_count;
    const nn_layer_t *layers;
    const int8_t
        *self_test_expected; /* output_count scores of the xor-v1 pattern, from the LiteRT reference */
    const char *title;       /* what the card calls it, cut for the banner */
} nn_model_t;

/* How far a score can be trusted: where it is at least so high. Strictest first; only of a model whose card has zones. */
typedef struct nn_zone {
    const char *name;
    int8_t least;
} nn_zone_t;

/* An input or an output in full; nn_model_t has the first of each, for the application's pictures and scores. */
typedef enum nn_type { NN_INT8, NN_UINT8, NN_INT32, NN_INT64, NN_FLOAT32, NN_BOOL, NN_INT16 } nn_type_t;

typedef struct nn_tensor {
    const char *name;
    int8_t *data; /* its bytes, whatever its type */
    uint32_t bytes;
    nn_type_t type;
    uint32_t rank;
    const int32_t *shape;
    float scale; /* a real value is scale * (stored - zero_point); 0 where the type needs none */
    int32_t zero_point;
} nn_tensor_t;

typedef struct nn_ends {
    const nn_tensor_t *inputs, *outputs;
    uint32_t input_count, output_count;
} nn_ends_t;

extern const nn_model_t nn_model;
extern const nn_ends_t nn_model_ends;
extern const nn_zone_t nn_model_zones[];

#endif
