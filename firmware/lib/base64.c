/*
 * Three bytes, four characters, see base64.h.
 */
#include "lib/base64.h"

#define PADDING '='
#define INVALID 64U

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_append(text_t *text, const uint8_t *bytes, size_t size) {
    for (size_t i = 0; i < size; i += 3U) {
        const size_t left = size - i;
        const uint32_t second = left > 1U ? bytes[i + 1U] : 0U;
        const uint32_t third = left > 2U ? bytes[i + 2U] : 0U;
        const uint32_t word = (uint32_t)bytes[i] << 16 | second << 8 | third;
        text_char(text, digits[word >> 18]);
        text_char(text, digits[word >> 12 & 63U]);
        text_char(text, left > 1U ? digits[word >> 6 & 63U] : PADDING);
        text_char(text, left > 2U ? digits[word & 63U] : PADDING);
    }
}

static uint32_t value_of(char digit) {
    if (digit >= 'A' && digit <= 'Z') {
        return (uint32_t)(digit - 'A');
    }
    if (digit >= 'a' && digit <= 'z') {
        return (uint32_t)(digit - 'a') + 26U;
    }
    if (digit >= '0' && digit <= '9') {
        return (uint32_t)(digit - '0') + 52U;
    }
    return digit == '+' ? 62U : digit == '/' ? 63U : INVALID;
}

bool base64_read(const char *text, uint8_t *bytes, size_t size) {
    for (size_t i = 0; i < size; i += 3U) {
        const size_t left = size - i;
        uint32_t word = 0;
        for (size_t place = 0; place < 4U; place++) {
            const char digit = *text++;
            const bool padded = place > left;
            const uint32_t value = padded ? 0U : value_of(digit);
            if (value == INVALID || (padded && digit != PADDING)) {
                return false;
            }
            word = word << 6 | value;
        }
        for (size_t place = 0; place < 3U && place < left; place++) {
            bytes[i + place] = (uint8_t)(word >> (16U - 8U * place));
        }
    }
    return true;
}
