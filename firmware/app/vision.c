/*
 * The application's work, see vision.h.
 */
#include "app/vision.h"

#include "app/inference.h"
#include "app/info.h"
#include "app/report.h"
#include "drivers/camera.h"
#include "drivers/ov7670.h"
#include "platform.h"

#include <stdint.h>

/* Captures that fail in a row before the sensor is set up anew: it may have lost power, and with it its
 * registers. */
#define FAILURES_MAX 3U

PLATFORM_DMA_BUFFER static uint8_t frame_buffers[2][OV7670_FRAME_SIZE];

static struct {
    enum { STOPPED, SINGLE, RUNNING } mode;
    bool camera_ready;
    uint32_t failures;
} vision;

void vision_init(void) {
    camera_init(frame_buffers[0], frame_buffers[1], OV7670_FRAME_SIZE);
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

bool vision_run(void) {
    if (!vision.camera_ready && !set_up_camera()) {
        return false;
    }
    vision.mode = RUNNING;
    return true;
}

bool vision_single(void) {
    if (!vision.camera_ready && !set_up_camera()) {
        return false;
    }
    vision.mode = SINGLE;
    return true;
}

void vision_stop(void) {
    camera_stop();
    vision.mode = STOPPED;
}

static void frame_arrived(const camera_frame_t *frame) {
    vision.failures = 0;
    if (vision.mode == RUNNING) {
        camera_start(); /* the next frame fills the other buffer while the network works on this one */
    } else {
        vision.mode = STOPPED;
    }
    const uint32_t cycles = inference_run(frame->pixels);
    report_prediction(cycles, frame->number);
}

static void capture_failed(camera_status_t status) {
    report_capture_error(status);
    vision.failures++;
    if (vision.failures >= FAILURES_MAX && !set_up_camera()) {
        vision.mode = STOPPED; /* the console's `r` tries again */
    }
}

void vision_step(void) {
    camera_frame_t frame;
    const camera_status_t status = camera_poll(&frame);
    switch (status) {
    case CAMERA_IDLE:
        if (vision.mode != STOPPED) {
            camera_start();
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
