/*
 * One frame through the network.
 */
#ifndef APP_INFERENCE_H
#define APP_INFERENCE_H

#include <stdint.h>

/* Frame to input, then every layer; the scores are in nn_model.output. Returns the core cycles from before
 * the first pixel is read to after the last layer: preprocessing and network, with the interrupts that came
 * in between (tick, camera, console), without capture, cache maintenance and printing. */
uint32_t inference_run(const uint16_t *frame);

/* The same, with the cycles of each part: preprocessing in `preprocess_cycles`, layer i in `layer_cycles[i]`
 * for the first `capacity` layers. */
uint32_t inference_profile(const uint16_t *frame, uint32_t *preprocess_cycles, uint32_t *layer_cycles,
                           uint32_t capacity);

#endif
