/*
 * Who has which frame buffer. A frame goes from the capture to the network and from there to the display; meanwhile
 * the next one is captured, and the self-test may want a picture, too. Everybody names the buffer it works with, none
 * has two, and none has another's: so nobody sees half of one frame and half of the next.
 */
#ifndef APP_FRAMES_H
#define APP_FRAMES_H

#include <stdint.h>

typedef enum frame_user {
    FRAME_CAPTURE,
    FRAME_NETWORK,
    FRAME_DISPLAY,
    FRAME_SELF_TEST,
    FRAME_HOST, /* dumped, or fed */
    FRAME_USERS
} frame_user_t;

/* The buffer of `user`: the one it has, else a free one; NULL when there is none. OV7670_WIDTH x OV7670_HEIGHT pixels,
 * on cache lines of their own where the DMA reaches. */
uint16_t *frames_take(frame_user_t user);

/* The buffer of `from` is the one of `to` now, and what `to` had is free; NULL, and nothing happens, when `from` has
 * none. */
uint16_t *frames_hand_over(frame_user_t from, frame_user_t to);

/* What `user` had is free. */
void frames_release(frame_user_t user);

#endif
