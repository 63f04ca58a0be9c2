/*
 * Frame capture with two buffers: while the network works on one frame, the next is captured into the other
 * buffer. One capture runs at a time; the caller starts the next as soon as it takes a frame:
 *
 *     camera_start();
 *     for (;;) { if (camera_poll(&frame) == CAMERA_FRAME) { camera_start(); work_on(&frame); } }
 *
 * A frame handed out stays untouched until the second camera_start after it.
 */
#ifndef DRIVERS_CAMERA_H
#define DRIVERS_CAMERA_H

#include <stdbool.h>
#include <stdint.h>

typedef enum camera_status {
    CAMERA_IDLE,      /* no capture is running */
    CAMERA_BUSY,      /* a capture is running */
    CAMERA_FRAME,     /* a frame is complete */
    CAMERA_TIMEOUT,   /* no frame within CAMERA_TIMEOUT_MS */
    CAMERA_SHORT,     /* the frame ended before all of it had come */
    CAMERA_OVERRUN,   /* pixels were lost */
    CAMERA_DMA_ERROR, /* the DMA could not write, or did not stop */
} camera_status_t;

#define CAMERA_TIMEOUT_MS 500U

typedef struct camera_frame {
    const uint16_t *pixels; /* RGB565, row by row */
    uint32_t number;        /* frames completed since boot; the first is 1 */
} camera_frame_t;

/* Two buffers of `size` bytes (a multiple of 32), 32-byte aligned, where the DMA reaches. */
void camera_init(void *first, void *second, uint32_t size);

/* Capture the next whole frame; nothing happens when a capture runs already. */
void camera_start(void);

/* How the capture stands; never waits. CAMERA_FRAME and every error are told once and end the capture; after
 * an error camera port and DMA are as after power-on. On CAMERA_FRAME `frame` is filled. */
camera_status_t camera_poll(camera_frame_t *frame);

/* Give up the running capture, if any. */
void camera_stop(void);

/* Bytes that were missing when the last error was told. */
uint32_t camera_missing(void);

/* camera_poll would say something else than CAMERA_IDLE or CAMERA_BUSY. Callable with interrupts masked. */
bool camera_has_news(void);

#endif
