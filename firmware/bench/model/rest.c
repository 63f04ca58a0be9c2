/* Where a function returns to: the core sleeps, and the bench looks at the clock. */
#include "nn/model.h"

void rest(void);

const nn_model_t *const volatile bench_model = &nn_model;
const nn_ends_t *const volatile bench_ends = &nn_model_ends;

void rest(void) {
    (void)bench_model;
    (void)bench_ends;
    for (;;) {
        __asm__ volatile("wfi");
    }
}
