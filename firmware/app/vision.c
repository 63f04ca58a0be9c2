/*
 * The application's work, see vision.h.
 */
#include "app/vision.h"

#include "app/display.h"
#include "app/frames.h"
#include "app/inference.h"
#include "app/info.h"
#include "app/report.h"
#include "drivers/camera.h"
#include "drivers/ov7670.h"

#include <stddef.h>
#include <stdint.h>

/* Captures that fail in a row before the sensor is set up anew: it may have lost power, and with it its
 * registers. */
#define FAILURES_MAX 3U

static struct {
    enum { STOPPED, SINGLE, RUNNING } mode;
    bool camera_ready;
    uint32_t failures;
    void (*then)(const camera_frame_t *frame); /* who wants the frame that is kept */
    camera_frame_t kept;                       /* its pixels are NULL when there is none */
} vision;

void vision_init(void) {
    camera_init(OV7670_FRAME_SIZE);
    display_init();
}

static bool set_up_camera(void) {
    ov7670_report_t sensor;
    ov7670_status_t status = ov7670_identify(&sensor);
    if (status == OV7670_OK) {
        status = ov7670_configure(&sensor);
    }
    vision.camera_ready = status == OV7670_OK;
    vision.failures = 0;
    if (vision.camera_ready) {
        info_camera();
    } else {
        report_sensor_error(status, &sensor);
    }
    return vision.camera_ready;
}

/* The host's frame is free. */
static void forget(void) {
    vision.then = NULL;
    vision.kept.pixels = NULL;
    frames_release(FRAME_HOST);
}

bool vision_run(void) {
    if (!vision.camera_ready && !set_up_camera()) {
        return false;
    }
    vision.mode = RUNNING;
    forget();
    return true;
}

bool vision_single(void) {
    if (!vision.camera_ready && !set_up_camera()) {
        return false;
    }
    vision.mode = SINGLE;
    forget();
    return true;
}

bool vision_single_for(void (*then)(const camera_frame_t *frame)) {
    vision_stop();
    if (!vision_single()) {
        return false;
    }
    vision.then = then;
    return true;
}

const camera_frame_t *vision_kept(void) {
    return vision.kept.pixels != NULL ? &vision.kept : NULL;
}

uint16_t *vision_lend(void) {
    vision_stop();
    forget();
    return frames_take(FRAME_HOST); /* there is one: frames.c */
}

void vision_stop(void) {
    camera_stop();
    frames_release(FRAME_CAPTURE);
    vision.mode = STOPPED;
}

static void start_capture(void) {
    uint16_t *const buffer = frames_take(FRAME_CAPTURE);
    if (buffer != NULL) {
        camera_start(buffer);
    }
}

static void frame_arrived(const camera_frame_t *frame) {
    vision.failures = 0;
    (void)frames_hand_over(FRAME_CAPTURE, FRAME_NETWORK);
    if (vision.mode == RUNNING) {
        start_capture(); /* the next frame comes in while the network works on this one */
    } else {
        vision.mode = STOPPED;
    }
    const uint32_t cycles = inference_run(frame->pixels);
    report_prediction(cycles, frame->number);
    if (vision.then != NULL) {
        vision.kept = *frame; /* not for the display, which would write into it */
        (void)frames_hand_over(FRAME_NETWORK, FRAME_HOST);
        vision.then(frame);
        vision.then = NULL;
    } else {
        display_show(cycles);
    }
}

static void capture_failed(camera_status_t status) {
    report_capture_error(status);
    vision.failures++;
    if (vision.failures >= FAILURES_MAX && !set_up_camera()) {
        vision.mode = STOPPED; /* the console's `r` tries again */
    }
}

void vision_step(void) {
    display_step();
    camera_frame_t frame;
    const camera_status_t status = camera_poll(&frame);
    switch (status) {
    case CAMERA_IDLE:
        if (vision.mode != STOPPED) {
            start_capture();
        }
        break;
    case CAMERA_BUSY:
        break;
    case CAMERA_FRAME:
        frame_arrived(&frame);
        break;
    default:
        capture_failed(status);
        break;
    }
}
