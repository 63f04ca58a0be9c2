/*
 * CRC-32 as of IEEE 802.3 (reflected, polynomial 0x04C11DB7, as zlib reckons it), a byte at a time; see integrity.h.
 */
#include "app/integrity.h"

#include "app/report.h"
#include "drivers/console.h"
#include "lib/errors.h"
#include "lib/text.h"
#include "platform.h"

#define POLYNOMIAL_REFLECTED 0xEDB88320U
#define SLICE_BYTES          16384U

static uint32_t table[256];
static uint32_t crc;      /* of the bytes before `position`, inverted */
static uint32_t position; /* bytes of this round so far */
static bool damaged;

static void make_table(void) {
    for (uint32_t byte = 0; byte < 256U; byte++) {
        uint32_t value = byte;
        for (uint32_t bit = 0; bit < 8U; bit++) {
            value = (value & 1U) != 0U ? value >> 1 ^ POLYNOMIAL_REFLECTED : value >> 1;
        }
        table[byte] = value;
    }
}

static void start_round(void) {
    crc = 0xFFFFFFFFU;
    position = 0;
}

static void say_damage(uint32_t found, uint32_t sealed) {
    char buffer[REPORT_LINE_MAX];
    text_t line;
    text_init(&line, buffer, sizeof buffer);
    error_begin(&line, ERROR_IMAGE_CRC);
    text_string(&line, " (CRC 0x");
    text_hex(&line, found, 8);
    text_string(&line, ", expected 0x");
    text_hex(&line, sealed, 8);
    text_char(&line, ')');
    console_text(&line);
}

/* Go on by at most `bytes`; at the image's end compare, and start over. */
static void advance(uint32_t bytes) {
    platform_image_t image;
    platform_image(&image);
    const uint32_t left = image.size - position;
    const uint8_t *byte = image.start + position;
    const uint8_t *const end = byte + (bytes < left ? bytes : left);
    uint32_t value = crc;
    while (byte < end) {
        value = value >> 8 ^ table[(value ^ *byte++) & 0xFFU];
    }
    crc = value;
    position = (uint32_t)(end - image.start);
    if (position == image.size) {
        if (~crc != image.seal) {
            damaged = true;
            say_damage(~crc, image.seal);
        }
        start_round();
    }
}

bool integrity_check_all(void) {
    make_table();
    start_round();
    damaged = false;
    advance(UINT32_MAX);
    return !damaged;
}

bool integrity_check_slice(void) {
    advance(SLICE_BYTES);
    return !damaged;
}

bool integrity_holds(void) {
    return !damaged;
}
