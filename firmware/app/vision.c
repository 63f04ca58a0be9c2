/*
 * The application's work, see vision.h.
 */
#include "app/vision.h"

#include "app/camera_errors.h"
#include "app/display.h"
#include "app/frames.h"
#include "app/inference.h"
#include "app/info.h"
#include "app/integrity.h"
#include "app/picture.h"
#include "app/report.h"
#include "drivers/camera.h"
#include "drivers/hal.h"
#include "drivers/ov7670.h"

#include <stddef.h>
#include <stdint.h>

/* Captures that fail in a row before the sensor is set up anew: it may have lost power, and with it its
 * registers. */
#define FAILURES_MAX 3U

/* Between two attempts to set up a sensor that does not answer: each pause is twice the one before. */
#define PAUSE_FIRST_MS   1000U
#define PAUSE_LONGEST_MS 32000U

static struct {
    enum { STOPPED, SINGLE, RUNNING } mode;
    bool camera_ready;
    uint32_t failures;
    void (*then)(const camera_frame_t *frame); /* who wants the frame that is kept */
    camera_frame_t kept;                       /* its pixels are NULL when there is none */
    uint32_t failed_at, pause_ms;              /* of the last attempt to set the sensor up */
    picture_kind_t picture;                    /* of the last frame */
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
        vision.pause_ms = PAUSE_FIRST_MS;
        info_camera();
    } else {
        vision.failed_at = hal_millis();
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

static void try_again(void) {
    if (hal_millis() - vision.failed_at >= vision.pause_ms) {
        vision.pause_ms = vision.pause_ms < PAUSE_LONGEST_MS ? 2U * vision.pause_ms : PAUSE_LONGEST_MS;
        (void)set_up_camera();
    }
}

bool vision_run(void) {
    vision.pause_ms = PAUSE_FIRST_MS;
    if (!integrity_holds()) {
        return false;
    }
    vision.mode = RUNNING; /* without a camera, too: it is looked for again and again */
    forget();
    return vision.camera_ready || set_up_camera();
}

bool vision_single(void) {
    if (!integrity_holds() || (!vision.camera_ready && !set_up_camera())) {
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

/* What may have gone wrong without an error of the capture: the picture, the sensor's settings, the program. A little
 * of each with every frame, and after the prediction, whose cycles it does not count among. */
static void look_after(const camera_frame_t *frame) {
    const picture_kind_t picture = picture_judge(frame->pixels, OV7670_WIDTH, OV7670_HEIGHT);
    if (picture != vision.picture) {
        report_picture(picture);
    }
    vision.picture = picture;

    ov7670_report_t sensor;
    const ov7670_status_t status = ov7670_check(&sensor);
    if (status != OV7670_OK) {
        report_sensor_error(status, &sensor);
        camera_lose();
        (void)set_up_camera();
    }
    if (!integrity_check_slice()) {
        vision_stop();
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
    look_after(frame);
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
    if (vision.failures >= FAILURES_MAX) {
        (void)set_up_camera();
    }
}

void vision_step(void) {
    display_step();
    if (vision.mode != STOPPED && !vision.camera_ready) {
        try_again();
        return;
    }
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
