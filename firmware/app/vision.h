/*
 * The application's work: frames from the camera through the network to the console, and what to do when the
 * camera fails.
 */
#ifndef APP_VISION_H
#define APP_VISION_H

#include "drivers/camera.h"

#include <stdbool.h>

/* Camera port and display; nothing runs yet. */
void vision_init(void);

/* Frame after frame, or a single one; sets the camera up first where that has not succeeded yet. False, after
 * an error line, when there is no camera (vision_run goes on looking for one) or the program is damaged. */
bool vision_run(void);
bool vision_single(void);

/* As vision_single; what runs is stopped first, and `then` gets the frame after its prediction. It is kept until
 * another is captured or a buffer is lent. */
bool vision_single_for(void (*then)(const camera_frame_t *frame));

/* The frame that is kept; NULL: none. */
const camera_frame_t *vision_kept(void);

/* A buffer for a frame from elsewhere, until another is captured; what runs is stopped. */
uint16_t *vision_lend(void);

/* No more frames; one being captured is given up. */
void vision_stop(void);

/* Do what there is to do now: at most one frame. */
void vision_step(void);

#endif
