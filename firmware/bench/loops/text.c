/* Characters: numbers to text and back, searching, a Base64 round trip, run lengths. */
#include "bench/loops/programs.h"

#define TEXT 600

static uint32_t put_number(char *to, int32_t number, uint32_t base) {
    char digits[34];
    uint32_t count = 0, length = 0;
    uint32_t value = number < 0 && base == 10 ? 0U - (uint32_t)number : (uint32_t)number;
    do {
        const uint32_t digit = value % base;
        digits[count++] = (char)(digit < 10 ? '0' + digit : 'a' + digit - 10);
        value /= base;
    } while (value);
    if (number < 0 && base == 10) {
        to[length++] = '-';
    }
    while (count) {
        to[length++] = digits[--count];
    }
    to[length] = '\0';
    return length;
}

static int32_t get_number(const char *text, uint32_t base) {
    const int negative = *text == '-';
    uint32_t value = 0;
    for (text += negative; *text; text++) {
        uint32_t digit;
        switch (*text) {
        case '0' ... '9':
            digit = (uint32_t)(*text - '0');
            break;
        case 'a' ... 'f':
            digit = (uint32_t)(*text - 'a' + 10);
            break;
        default:
            return -1;
        }
        value = value * base + digit;
    }
    return (int32_t)(negative ? 0U - value : value);
}

static const char *find(const char *text, const char *word) {
    for (; *text; text++) {
        uint32_t i = 0;
        while (word[i] && text[i] == word[i]) {
            i++;
        }
        if (!word[i]) {
            return text;
        }
    }
    return 0;
}

static uint32_t to_base64(char *to, const uint8_t *from, uint32_t size) {
    static const char LETTERS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint32_t length = 0;
    for (uint32_t i = 0; i + 2 < size; i += 3) {
        const uint32_t bits = (uint32_t)from[i] << 16 | (uint32_t)from[i + 1] << 8 | from[i + 2];
        for (int32_t shift = 18; shift >= 0; shift -= 6) {
            to[length++] = LETTERS[bits >> shift & 63];
        }
    }
    to[length] = '\0';
    return length;
}

static uint32_t run_lengths(const char *text) {
    uint32_t sum = 0;
    while (*text) {
        const char letter = *text;
        uint8_t run = 0;
        for (; *text == letter && run < 9; text++) {
            run++;
        }
        sum = sum * 7 + run + (uint8_t)letter;
    }
    return sum;
}

uint32_t text_program(uint32_t seed) {
    static char text[TEXT], encoded[TEXT];
    uint8_t bytes[99];
    uint32_t sum = 0, length = 0;
    for (uint32_t i = 0; i < 40; i++) {
        const int32_t number = (int32_t)(next_random(&seed) << 8) >> (i % 31);
        const uint32_t base = i & 1 ? 16 : 10;
        char digits[36];
        put_number(digits, number, base);
        sum += (uint32_t)(get_number(digits, base) == number);
        for (uint32_t j = 0; digits[j] && length < TEXT - 2; j++) {
            text[length++] = digits[j];
        }
        text[length++] = ' ';
        text[length] = '\0';
    }
    const char *found = find(text, " -1");
    sum += found ? (uint32_t)(found - text) : TEXT;
    for (uint32_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(next_random(&seed) >> (i & 7));
    }
    sum += to_base64(encoded, bytes, sizeof bytes);
    return sum + run_lengths(text) * 3 + run_lengths(encoded);
}
