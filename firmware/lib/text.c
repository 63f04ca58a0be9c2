/*
 * Building lines of text without printf, see text.h.
 */
#include "lib/text.h"

#define DECIMAL_DIGITS 10U /* of the largest uint32_t */
#define HEX_DIGITS     8U

void text_init(text_t *text, char *data, size_t capacity) {
    text->data = data;
    text->capacity = capacity;
    text->length = 0;
    text->truncated = false;
    text->data[0] = '\0';
}

void text_char(text_t *text, char character) {
    if (text->length + 1U >= text->capacity) {
        text->truncated = true;
        return;
    }
    text->data[text->length++] = character;
    text->data[text->length] = '\0';
}

void text_string(text_t *text, const char *string) {
    while (*string != '\0') {
        text_char(text, *string++);
    }
}

void text_padded(text_t *text, const char *string, size_t width) {
    size_t length = 0;
    for (; string[length] != '\0'; length++) {
        text_char(text, string[length]);
    }
    for (; length < width; length++) {
        text_char(text, ' ');
    }
}

/* `sign` ('\0' for none) and the digits of `value`, right-aligned in `width` columns. */
static void append_decimal(text_t *text, char sign, uint32_t value, size_t width) {
    char digits[DECIMAL_DIGITS];
    size_t count = 0;
    do {
        digits[count++] = (char)('0' + value % 10U);
        value /= 10U;
    } while (value != 0U);

    for (size_t used = count + (sign != '\0' ? 1U : 0U); used < width; used++) {
        text_char(text, ' ');
    }
    if (sign != '\0') {
        text_char(text, sign);
    }
    while (count > 0U) {
        text_char(text, digits[--count]);
    }
}

void text_unsigned(text_t *text, uint32_t value, size_t width) {
    append_decimal(text, '\0', value, width);
}

void text_signed(text_t *text, int32_t value, size_t width) {
    /* Negating in unsigned arithmetic is defined for INT32_MIN too. */
    const uint32_t magnitude = value < 0 ? 0U - (uint32_t)value : (uint32_t)value;
    append_decimal(text, value < 0 ? '-' : '+', magnitude, width);
}

void text_hex(text_t *text, uint32_t value, size_t digits) {
    if (digits > HEX_DIGITS) {
        digits = HEX_DIGITS;
    }
    while (digits > 0U) {
        digits--;
        text_char(text, "0123456789ABCDEF"[(value >> (4U * digits)) & 0xFU]);
    }
}
