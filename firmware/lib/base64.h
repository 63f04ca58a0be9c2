/*
 * Base64 (RFC 4648, with padding): bytes as text that any terminal, log or editor leaves as it is.
 */
#ifndef LIB_BASE64_H
#define LIB_BASE64_H

#include "lib/text.h"

/* Characters that `size` bytes become. */
#define BASE64_LENGTH(size) (((size) + 2U) / 3U * 4U)

/* Append `size` bytes to `text`. */
void base64_append(text_t *text, const uint8_t *bytes, size_t size);

/* `size` bytes out of the first BASE64_LENGTH(size) characters of `text`; false when those are no base64. */
bool base64_read(const char *text, uint8_t *bytes, size_t size);

#endif
