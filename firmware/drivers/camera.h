/*
 * Frame capture. One capture runs at a time, into a buffer that the caller names; so that no frame is missed, it
 * starts the next, into another buffer, as soon as it takes a frame:
 *
 *     camera_start(one);
 *     for (;;) { if (camera_poll(&frame) == CAMERA_FRAME) { camera_start(another); work_on(&frame); } }
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
    CAMERA_STORM,     /* an interrupt of the capture came over and over without a cause */
} camera_status_t;

#define CAMERA_TIMEOUT_MS 500U

typedef struct camera_frame {
    const uint16_t *pixels; /* RGB565, row by row */
    uint32_t number; /* of the frames whose end was seen since boot, lost ones counted; the first is 1 */
} camera_frame_t;

/* Frames have `size` bytes, a multiple of 32. */
void camera_init(uint32_t size);

/* Capture the next whole frame into `buffer`, 32-byte aligned, where the DMA reaches; nothing happens when a capture
 * runs already. */
void camera_start(void *buffer);

/* How the capture stands; never waits. CAMERA_FRAME and every error are told once and end the capture; after
 * an error camera port and DMA are as after power-on. On CAMERA_FRAME `frame` is filled. */
camera_status_t camera_poll(camera_frame_t *frame);

/* Give up the running capture, if any: nobody wants its frame. */
void camera_stop(void);

/* The same because of an error elsewhere: its frame is lost. */
void camera_lose(void);

/* Bytes that were missing when the last error was told. */
uint32_t camera_missing(void);

/* What became of the captures since boot: no loss goes uncounted. */
typedef struct camera_counts {
    uint32_t taken; /* frames handed out */
    uint32_t lost;  /* captures that ended in an error, or were given up because of one */
    uint32_t last;  /* number of the last frame handed out */
} camera_counts_t;

camera_counts_t camera_counts(void);

/* camera_poll would say something else than CAMERA_IDLE or CAMERA_BUSY. Callable with interrupts masked. */
bool camera_has_news(void);

#endif
