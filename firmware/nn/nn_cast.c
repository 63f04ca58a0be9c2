#include "nn/nn_kernels.h"
#include "nn/nn_platform.h"

static const uint8_t NN_CAST_BYTES[] = {1, 1, 1, 2, 4, 8, 4}; /* by nn_cast_type_t */

/* An integer of any type but float32; the target is little-endian. */
static int64_t load(const int8_t *from, nn_cast_type_t type) {
    int64_t value = 0;
    __builtin_memcpy(&value, from, NN_CAST_BYTES[type]);
    switch (type) {
    case NN_CAST_INT8:
        return (int8_t)value;
    case NN_CAST_INT16:
        return (int16_t)value;
    case NN_CAST_INT32:
        return (int32_t)value;
    default:
        return value;
    }
}

/* Towards zero; what does not fit, NaN too, is the least value of 4 or 8 bytes, as hosts with SSE2 have it. */
static int64_t whole(float value, nn_cast_type_t type) {
    const float end = type == NN_CAST_INT64 ? 9223372036854775808.0f : 2147483648.0f;
    if (value >= -end && value < end) {
        return (int64_t)value;
    }
    return type == NN_CAST_INT64 ? INT64_MIN : INT32_MIN;
}

/*
 * CAST: the value itself as another type, of integers the lowest bits; as bool, whether it is not 0.
 *
 * Order: elements forward, each written after its input was read.
 */
NN_HOT void nn_cast(const nn_cast_t *layer, const int8_t *input, int8_t *output) {
    for (uint32_t i = 0; i < layer->size; i++) {
        float real = 0.0f;
        int64_t value = 0;
        if (layer->from == NN_CAST_FLOAT32) {
            __builtin_memcpy(&real, input, sizeof real);
            value = layer->to == NN_CAST_BOOL ? real != 0.0f : whole(real, layer->to);
        } else {
            value = load(input, layer->from);
            real = (float)value;
            value = layer->to == NN_CAST_BOOL ? value != 0 : value;
        }
        __builtin_memcpy(output, layer->to == NN_CAST_FLOAT32 ? (const void *)&real : (const void *)&value,
                         NN_CAST_BYTES[layer->to]);
        input += NN_CAST_BYTES[layer->from];
        output += NN_CAST_BYTES[layer->to];
    }
}
