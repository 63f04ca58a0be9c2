/*
 * The camera's errors, see camera_errors.h.
 */
#include "app/camera_errors.h"

#include "app/report.h"
#include "drivers/console.h"
#include "lib/errors.h"

static void append_hex8(text_t *line, const char *before, uint8_t value) {
    text_string(line, before);
    text_string(line, "0x");
    text_hex(line, value, 2);
}

static void append_number(text_t *line, const char *before, uint32_t value, const char *after) {
    text_string(line, before);
    text_unsigned(line, value, 0);
    text_string(line, after);
}

static error_t sensor_error(ov7670_status_t status) {
    switch (status) {
    case OV7670_NO_ANSWER:
        return ERROR_CAM_NACK;
    case OV7670_BUS_STUCK:
        return ERROR_CAM_BUS;
    case OV7670_WRONG_ID:
        return ERROR_CAM_ID;
    case OV7670_NOT_KEPT:
        return ERROR_CAM_REGISTER;
    default:
        return ERROR_NONE;
    }
}

void report_sensor_error(ov7670_status_t status, const ov7670_report_t *sensor) {
    const error_t error = sensor_error(status);
    if (error == ERROR_NONE) {
        return;
    }
    char buffer[REPORT_LINE_MAX];
    text_t line;
    text_init(&line, buffer, sizeof buffer);
    error_begin(&line, error);
    switch (error) {
    case ERROR_CAM_NACK:
        append_hex8(&line, " (address ", OV7670_ADDRESS);
        break;
    case ERROR_CAM_BUS:
        append_hex8(&line, " (register ", sensor->reg);
        break;
    case ERROR_CAM_ID:
        append_hex8(&line, " (PID ", sensor->pid);
        append_hex8(&line, ", VER ", sensor->ver);
        break;
    default:
        append_hex8(&line, " (register ", sensor->reg);
        append_hex8(&line, " is ", sensor->found);
        append_hex8(&line, ", expected ", sensor->expected);
        break;
    }
    text_char(&line, ')');
    console_text(&line);
}

static error_t capture_error(camera_status_t status) {
    switch (status) {
    case CAMERA_TIMEOUT:
        return ERROR_CAM_TIMEOUT;
    case CAMERA_SHORT:
        return ERROR_CAM_SHORT;
    case CAMERA_OVERRUN:
        return ERROR_DCMI_OVR;
    case CAMERA_DMA_ERROR:
        return ERROR_DMA_ERROR;
    case CAMERA_STORM:
        return ERROR_IRQ_STORM;
    default:
        return ERROR_NONE;
    }
}

void report_capture_error(camera_status_t status) {
    const error_t error = capture_error(status);
    if (error == ERROR_NONE) {
        return;
    }
    char buffer[REPORT_LINE_MAX];
    text_t line;
    text_init(&line, buffer, sizeof buffer);
    error_begin(&line, error);
    append_number(&line, " (after frame ", camera_counts().last, ", ");
    append_number(&line, "", camera_missing(), " bytes missing, ");
    append_number(&line, "", camera_counts().lost, " lost so far)");
    console_text(&line);
}

static error_t picture_error(picture_kind_t kind) {
    switch (kind) {
    case PICTURE_BLACK:
        return ERROR_CAM_BLACK;
    case PICTURE_WHITE:
        return ERROR_CAM_WHITE;
    case PICTURE_NOISE:
        return ERROR_CAM_NOISE;
    case PICTURE_FROZEN:
        return ERROR_CAM_FROZEN;
    default:
        return ERROR_NONE;
    }
}

void report_picture(picture_kind_t kind) {
    const error_t error = picture_error(kind);
    if (error == ERROR_NONE) {
        return;
    }
    char buffer[REPORT_LINE_MAX];
    text_t line;
    text_init(&line, buffer, sizeof buffer);
    error_begin(&line, error);
    append_number(&line, " (frame ", camera_counts().last, ")");
    console_text(&line);
}
