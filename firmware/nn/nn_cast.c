#include "nn/nn_kernels.h"
#include "nn/nn_platform.h"

static const uint8_t NN_CAST_BYTES[] = {1, 1, 1, 2, 4, 8, 4}; /* by nn_cast_type_t */

/* An integer of any type but float32, its lowest byte first. */
static int64_t load(const int8_t *from, nn_cast_type_t type) {
    uint64_t value = 0;
    for (uint32_t byte = 0; byte < NN_CAST_BYTES[type]; byte++) {
        value |= (uint64_t)(uint8_t)from[byte] << (8u * byte);
    }
    switch (type) {
    case NN_CAST_INT8:
        return (int8_t)value;
    case NN_CAST_INT16:
        return (int16_t)value;
    case NN_CAST_INT32:
        return (int32_t)value;
    default:
        return (int64_t)value;
    }
}

static void store(int8_t *to, int64_t value, nn_cast_type_t type) {
    for (uint32_t byte = 0; byte < NN_CAST_BYTES[type]; byte++) {
        to[byte] = (int8_t)((uint64_t)value >> (8u * byte));
    }
}

/* To nearest, ties to even, by a conversion of 32 bits: toolchains bring none of 64. */
static float to_float(int64_t value) {
    uint64_t size = value < 0 ? 0u - (uint64_t)value : (uint64_t)value;
    float power = 1.0f;
    while (size >= 1u << 31) {
        size = size >> 1 | (size & 1u); /* what falls out leaves its trace in the last bit */
        power *= 2.0f;
    }
    const float real = (float)(int32_t)size * power;
    return value < 0 ? -real : real;
}

/* Towards zero; what does not fit, NaN too, is the least value of 4 or 8 bytes, as hosts with SSE2 have it. */
static int64_t whole(float value, nn_cast_type_t type) {
    uint32_t bits;
    if (value > -2147483648.0f && value < 2147483648.0f) {
        return (int32_t)value;
    }
    if (type != NN_CAST_INT64 || !(value > -9223372036854775808.0f && value < 9223372036854775808.0f)) {
        return type == NN_CAST_INT64 ? INT64_MIN : INT32_MIN;
    }
    __builtin_memcpy(&bits, &value, sizeof bits);
    const int64_t size = (int64_t)((bits & 0x7fffffu) | 0x800000u) << ((bits >> 23 & 0xffu) - 150u);
    return value < 0.0f ? -size : size;
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
            real = to_float(value);
            value = layer->to == NN_CAST_BOOL ? value != 0 : value;
        }
        if (layer->to == NN_CAST_FLOAT32) {
            __builtin_memcpy(output, &real, sizeof real);
        } else {
            store(output, value, layer->to);
        }
        input += NN_CAST_BYTES[layer->from];
        output += NN_CAST_BYTES[layer->to];
    }
}
