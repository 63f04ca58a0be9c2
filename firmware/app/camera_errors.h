/*
 * What goes wrong with the camera, as error lines (lib/errors.h).
 */
#ifndef APP_CAMERA_ERRORS_H
#define APP_CAMERA_ERRORS_H

#include "app/picture.h"
#include "drivers/camera.h"
#include "drivers/ov7670.h"

/* Nothing for OV7670_OK, for the statuses that are no error, and for a picture that has nothing odd. */
void report_sensor_error(ov7670_status_t status, const ov7670_report_t *sensor);
void report_capture_error(camera_status_t status);
void report_picture(picture_kind_t kind);

#endif
