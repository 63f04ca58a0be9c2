/*
 * Rows of pictures as text, see rows.h.
 */
#include "app/rows.h"

#include "lib/crc32.h"

#define NUMBER_AT 2U
#define PIXELS_AT 6U
#define CRC_AT    (PIXELS_AT + BASE64_LENGTH(ROW_BYTES) + 1U)

static uint32_t crc_of(uint32_t number, const uint16_t *pixels) {
    const uint8_t at = (uint8_t)number;
    return crc32(crc32(0, &at, sizeof at), pixels, ROW_BYTES);
}

static void append_number(text_t *line, uint32_t number) {
    text_char(line, (char)('0' + number / 100U));
    text_char(line, (char)('0' + number / 10U % 10U));
    text_char(line, (char)('0' + number % 10U));
}

void row_append(text_t *line, char letter, uint32_t number, const uint16_t *pixels) {
    text_char(line, letter);
    text_char(line, ' ');
    append_number(line, number);
    text_char(line, ' ');
    base64_append(line, (const uint8_t *)pixels, ROW_BYTES);
    text_char(line, ' ');
    text_hex(line, crc_of(number, pixels), 8);
}

static uint32_t read_number(const char *digits) {
    uint32_t number = 0;
    for (uint32_t i = 0; i < 3U; i++) {
        if (digits[i] < '0' || digits[i] > '9') {
            return ROWS;
        }
        number = number * 10U + (uint32_t)(digits[i] - '0');
    }
    return number < ROWS ? number : ROWS;
}

uint32_t row_read(const char *line, char letter, uint16_t *pixels) {
    const uint32_t number = read_number(line + NUMBER_AT);
    if (line[0] != letter || number == ROWS || !base64_read(line + PIXELS_AT, (uint8_t *)pixels, ROW_BYTES)) {
        return ROWS;
    }
    char expected[9];
    text_t crc;
    text_init(&crc, expected, sizeof expected);
    text_hex(&crc, crc_of(number, pixels), 8);
    for (uint32_t i = 0; i < crc.length; i++) {
        if (line[CRC_AT + i] != expected[i]) {
            return ROWS;
        }
    }
    return number;
}
