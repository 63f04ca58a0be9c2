#include "nn/nn_kernels.h"
#include "nn/nn_platform.h"
#include "nn/nn_scale.h"

/* BATCH_MATMUL: products of two computed matrices. */
NN_HOT void nn_batch_matmul_s8(const nn_matmul_t *layer, const int8_t *left, const int8_t *right,
                               int8_t *output) {
    for (int32_t matrix = 0; matrix < layer->count; matrix++) {
        for (int32_t row = 0; row < layer->rows; row++) {
            for (int32_t column = 0; column < layer->columns; column++) {
                const int8_t *a = left + row * layer->left_row;
                const int8_t *b = right + column * layer->right_column;
                int32_t sum = 0;
                for (int32_t i = 0; i < layer->depth; i++, a += layer->left_value, b += layer->right_value) {
                    sum += (*a - layer->left_zero) * (*b - layer->right_zero);
                }
                *output++ = nn_clamp(nn_scale(sum, &layer->scale), &layer->range);
            }
        }
        left += layer->left_step;
        right += layer->right_step;
    }
}
