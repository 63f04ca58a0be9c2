/* Nested loops over strided tensors: the kernels' innermost loop is their own, nn_walk_next() does the others. */
#ifndef NN_WALK_H
#define NN_WALK_H

#include "nn/nn_types.h"

/* Where the outer loops are, and the element each tensor is at; starts as all zeros. */
typedef struct nn_at {
    int32_t index[NN_LEVELS];
    int32_t left, right;
} nn_at_t;

/* The next turn of the loops outside the innermost; 0 after the last. */
static inline int nn_walk_next(const nn_walk_t *walk, nn_at_t *at) {
    for (int32_t level = 1; level < walk->levels; level++) {
        at->left += walk->left[level];
        at->right += walk->right[level];
        if (++at->index[level] < walk->count[level]) {
            return 1;
        }
        at->left -= walk->left[level] * walk->count[level];
        at->right -= walk->right[level] * walk->count[level];
        at->index[level] = 0;
    }
    return 0;
}

/* The same over one tensor, from the innermost loop on: `at->left` is the element. */
static inline int nn_walk_one_next(const nn_walk_one_t *walk, nn_at_t *at) {
    for (int32_t level = 0; level < walk->levels; level++) {
        at->left += walk->step[level];
        if (++at->index[level] < walk->count[level]) {
            return 1;
        }
        at->left -= walk->step[level] * walk->count[level];
        at->index[level] = 0;
    }
    return 0;
}

/*
 * The body of a kernel on two tensors: `value`, an expression in the stored values a and b, for every output element.
 */
#define NN_FOR_EACH(layer, left_data, right_data, output_data, value)                                        \
    do {                                                                                                     \
        const nn_walk_t *walk = &(layer)->walk;                                                              \
        nn_at_t at = {{0}, 0, 0};                                                                            \
        do {                                                                                                 \
            const int8_t *a_at = (left_data) + at.left;                                                      \
            const int8_t *b_at = (right_data) + at.right;                                                    \
            for (int32_t left_over = walk->count[0]; left_over != 0; left_over--) {                          \
                const int32_t a = *a_at, b = *b_at;                                                          \
                *(output_data)++ = (int8_t)(value);                                                          \
                a_at += walk->left[0];                                                                       \
                b_at += walk->right[0];                                                                      \
            }                                                                                                \
        } while (nn_walk_next(walk, &at));                                                                   \
    } while (0)

#endif
