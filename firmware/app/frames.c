/*
 * Frame buffers, see frames.h.
 *
 * Three: at the moment a frame arrives, one is at the display, the new one goes to the network, and the next has to
 * be captured. Commands run between frames, when the network has none, so that the self-test finds one, too. The third
 * lies in SRAM1-3, since AXI SRAM has to hold the network's tensors; it is the last to be taken, so that without a
 * display captures stay in AXI SRAM, which the core reads faster. While the host has a frame nothing is captured.
 *
 * Beside a network whose tensors leave no room for the second there are two. Then a frame is captured while the network
 * has the one before or the display has it, not both, and the self-test waits for the display.
 */
#include "app/frames.h"

#include "app/model_shape.h"
#include "drivers/ov7670.h"
#include "platform.h"

#include <stddef.h>

#define PIXELS  (OV7670_WIDTH * OV7670_HEIGHT)
#define BUFFERS ((uint32_t)NN_FRAME_BUFFERS)

PLATFORM_DMA_BUFFER static uint16_t frame_buffers[BUFFERS - 1U][PIXELS];
PLATFORM_BULK static uint16_t last_buffer[PIXELS];

static uint16_t *const buffers[BUFFERS] = {
    frame_buffers[0],
#if NN_FRAME_BUFFERS > 2
    frame_buffers[1],
#endif
    last_buffer,
};
static uint16_t *taken[FRAME_USERS];

static bool is_free(const uint16_t *buffer) {
    for (uint32_t user = 0; user < FRAME_USERS; user++) {
        if (taken[user] == buffer) {
            return false;
        }
    }
    return true;
}

uint16_t *frames_take(frame_user_t user) {
    for (uint32_t i = 0; taken[user] == NULL && i < BUFFERS; i++) {
        if (is_free(buffers[i])) {
            taken[user] = buffers[i];
        }
    }
    return taken[user];
}

uint16_t *frames_hand_over(frame_user_t from, frame_user_t to) {
    uint16_t *const buffer = taken[from];
    if (buffer != NULL) {
        taken[to] = buffer;
        taken[from] = NULL;
    }
    return buffer;
}

void frames_release(frame_user_t user) {
    taken[user] = NULL;
}
