/*
 * Frame capture, see camera.h.
 *
 * A frame is complete when the camera port has seen its end and the DMA has written its last word. The two
 * interrupts come in either order: the port may say "frame end" while the last four words are still in the
 * DMA's FIFO, and the DMA may finish before the port has seen the vertical blanking.
 */
#include "drivers/camera.h"

#include "drivers/hal.h"

/* After the frame's end the FIFO empties within microseconds; the milliseconds are for a busy bus and the
 * tick. */
#define DRAIN_MS 2U

#define COMPLETE (HAL_CAPTURE_FRAME_END | HAL_CAPTURE_DATA_END)
#define BROKEN   (HAL_CAPTURE_OVERRUN | HAL_CAPTURE_BUS_ERROR | HAL_CAPTURE_STORM)

static struct {
    void *buffer; /* being captured into */
    uint32_t size;
    uint32_t ended; /* frames whose end was seen, whatever became of them */
    camera_counts_t counts;
    uint32_t missing;
    uint32_t started_at;
    uint32_t frame_end_at;
    bool running;
    bool frame_end_seen;
    bool start_failed;
} camera;

void camera_init(uint32_t size) {
    camera.size = size;
    camera.ended = 0;
    camera.counts = (camera_counts_t){0};
    camera.missing = 0;
    camera.running = false;
}

void camera_start(void *buffer) {
    if (camera.running) {
        return;
    }
    camera.buffer = buffer;
    /* First of two invalidations. A dirty line of this buffer may still sit in the cache (whoever wrote there
     * last, the start-up code's zeroes for one); were it evicted during the capture, it would overwrite
     * pixels. */
    hal_cache_invalidate(buffer, camera.size);
    camera.start_failed = !hal_capture_start(buffer, camera.size);
    camera.started_at = hal_millis();
    camera.frame_end_seen = false;
    camera.running = true;
}

static camera_status_t fail(camera_status_t status) {
    camera.missing = hal_capture_missing();
    camera.counts.lost++;
    /* All of a frame came and nothing told of its end: its interrupt got lost. */
    const bool is_whole = status == CAMERA_TIMEOUT && camera.missing == 0U;
    if (is_whole || (hal_capture_events() & HAL_CAPTURE_FRAME_END) != 0U) {
        camera.ended++; /* a number is left out */
    }
    hal_capture_abort();
    camera.running = false;
    return status;
}

static camera_status_t broken_by(uint32_t events) {
    if ((events & HAL_CAPTURE_BUS_ERROR) != 0U) {
        return CAMERA_DMA_ERROR;
    }
    return (events & HAL_CAPTURE_OVERRUN) != 0U ? CAMERA_OVERRUN : CAMERA_STORM;
}

static camera_status_t finish(camera_frame_t *frame) {
    /* Second invalidation. The Cortex-M7 reads ahead on its own: during the capture it may have fetched lines
     * of this buffer, half old and half new; the CPU has to read what the DMA wrote to memory. */
    hal_cache_invalidate(camera.buffer, camera.size);
    camera.ended++;
    camera.counts.taken++;
    camera.counts.last = camera.ended;
    camera.running = false;
    frame->pixels = camera.buffer;
    frame->number = camera.ended;
    return CAMERA_FRAME;
}

camera_status_t camera_poll(camera_frame_t *frame) {
    if (!camera.running) {
        return CAMERA_IDLE;
    }
    if (camera.start_failed) {
        return fail(CAMERA_DMA_ERROR);
    }
    const uint32_t events = hal_capture_events();
    const uint32_t now = hal_millis();
    if ((events & BROKEN) != 0U) {
        return fail(broken_by(events));
    }
    if ((events & COMPLETE) == COMPLETE) {
        /* A line too long shifts all that follow it: no picture, although every word of it came. */
        return hal_capture_excess() ? fail(CAMERA_OVERRUN) : finish(frame);
    }
    if ((events & HAL_CAPTURE_FRAME_END) != 0U) {
        if (!camera.frame_end_seen) {
            camera.frame_end_seen = true;
            camera.frame_end_at = now;
        } else if (now - camera.frame_end_at > DRAIN_MS) {
            return fail(CAMERA_SHORT);
        }
    }
    if (now - camera.started_at > CAMERA_TIMEOUT_MS) {
        return fail(CAMERA_TIMEOUT);
    }
    return CAMERA_BUSY;
}

void camera_stop(void) {
    if (camera.running) {
        if ((hal_capture_events() & HAL_CAPTURE_FRAME_END) != 0U) {
            camera.ended++; /* nobody will see it, but numbers count what the camera delivered */
        }
        hal_capture_abort();
        camera.running = false;
    }
}

void camera_lose(void) {
    if (camera.running) {
        camera.counts.lost++;
    }
    camera_stop();
}

uint32_t camera_missing(void) {
    return camera.missing;
}

camera_counts_t camera_counts(void) {
    return camera.counts;
}

bool camera_has_news(void) {
    if (!camera.running) {
        return false;
    }
    const uint32_t events = hal_capture_events();
    return camera.start_failed || (events & BROKEN) != 0U || (events & COMPLETE) == COMPLETE;
}
