/*
 * Numbers behind a command's letter, see arguments.h.
 */
#include "app/arguments.h"

#define DIGITS_MAX 9U

uint32_t arguments_read(const char *text, uint32_t *numbers, uint32_t most) {
    uint32_t count = 0;
    while (*text == ' ') {
        while (*text == ' ') {
            text++;
        }
        if (*text == '\0') {
            return count;
        }
        uint32_t digits = 0, value = 0;
        for (; *text >= '0' && *text <= '9'; text++, digits++) {
            value = value * 10U + (uint32_t)(*text - '0');
            if (digits == DIGITS_MAX) {
                return ARGUMENTS_WRONG;
            }
        }
        if (digits == 0U || count == most) {
            return ARGUMENTS_WRONG;
        }
        numbers[count++] = value;
    }
    return *text == '\0' ? count : ARGUMENTS_WRONG;
}
