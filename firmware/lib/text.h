/*
 * Building lines of text without printf: a text_t is a fixed buffer that grows at its end and is always
 * terminated. What does not fit is dropped and remembered in `truncated`; nothing ever writes past the
 * buffer.
 */
#ifndef LIB_TEXT_H
#define LIB_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct text {
    char *data;      /* always NUL-terminated */
    size_t capacity; /* bytes in data, the terminator included; at least 1 */
    size_t length;   /* characters so far, the terminator not included */
    bool truncated;  /* something did not fit */
} text_t;

/* An empty text in `data`, which holds `capacity` (>= 1) bytes. */
void text_init(text_t *text, char *data, size_t capacity);

void text_char(text_t *text, char character);
void text_string(text_t *text, const char *string);

/* `string`, then blanks up to `width` columns; longer strings are not cut. */
void text_padded(text_t *text, const char *string, size_t width);

/* Decimal, right-aligned in `width` columns with blanks; 0 for no padding. As printf's "%*u". */
void text_unsigned(text_t *text, uint32_t value, size_t width);

/* Decimal with its sign always shown, right-aligned in `width` columns. As printf's "%+*d". */
void text_signed(text_t *text, int32_t value, size_t width);

/* Exactly `digits` (1 to 8) hexadecimal digits, capital letters. As printf's "%0*X". */
void text_hex(text_t *text, uint32_t value, size_t digits);

#endif
