#include "nn/nn_kernels.h"
#include "nn/nn_platform.h"
#include "nn/nn_walk.h"

/* Towards minus infinity, and what is left then; by 0, where the reference stops, 0. */
static int32_t floor_div(int32_t a, int32_t b) {
    if (b == 0 || b == -1) {
        return b == 0 ? 0 : (int32_t)(0u - (uint32_t)a);
    }
    return a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0);
}

static int32_t combine(nn_whole_kind_t kind, int32_t a, int32_t b) {
    switch (kind) {
    case NN_WHOLE_ADD:
        return (int32_t)((uint32_t)a + (uint32_t)b);
    case NN_WHOLE_SUB:
        return (int32_t)((uint32_t)a - (uint32_t)b);
    case NN_WHOLE_MUL:
        return (int32_t)((uint32_t)a * (uint32_t)b);
    case NN_WHOLE_FLOOR_DIV:
        return floor_div(a, b);
    case NN_WHOLE_FLOOR_MOD:
        return b == 0 ? 0 : (int32_t)((uint32_t)a - (uint32_t)floor_div(a, b) * (uint32_t)b);
    case NN_WHOLE_MINIMUM:
        return a < b ? a : b;
    case NN_WHOLE_MAXIMUM:
        return a > b ? a : b;
    case NN_WHOLE_EQUAL:
        return a == b;
    case NN_WHOLE_NOT_EQUAL:
        return a != b;
    case NN_WHOLE_LESS:
        return a < b;
    case NN_WHOLE_LESS_EQUAL:
        return a <= b;
    case NN_WHOLE_GREATER:
        return a > b;
    default:
        return a >= b;
    }
}

/* Two tensors of int32 element by element, to int32 or bool; sums and products wrap round. */
NN_HOT void nn_whole_s32(const nn_whole_t *layer, const int8_t *left, const int8_t *right, int8_t *output) {
    const nn_walk_t *walk = &layer->walk;
    nn_at_t at = {{0}, 0, 0};
    do {
        int32_t left_at = at.left, right_at = at.right;
        for (int32_t left_over = walk->count[0]; left_over != 0; left_over--) {
            int32_t a, b;
            __builtin_memcpy(&a, left + 4 * left_at, sizeof a);
            __builtin_memcpy(&b, right + 4 * right_at, sizeof b);
            const int32_t value = combine(layer->kind, a, b);
            if (layer->kind >= NN_WHOLE_EQUAL) {
                *output++ = (int8_t)value;
            } else {
                __builtin_memcpy(output, &value, sizeof value);
                output += sizeof value;
            }
            left_at += walk->left[0];
            right_at += walk->right[0];
        }
    } while (nn_walk_next(walk, &at));
}
