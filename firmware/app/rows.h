/*
 * A row of a picture as a line of text: "D 012 <base64> <CRC>", for dumps (D, from the board) and feeds (U, to the
 * board). The CRC-32 goes over the row's number and its pixels, so that neither can be taken for another's.
 */
#ifndef APP_ROWS_H
#define APP_ROWS_H

#include "drivers/ov7670.h"
#include "lib/base64.h"

#include <stdint.h>

#define ROW_BYTES (OV7670_WIDTH * 2U)
#define ROWS      OV7670_HEIGHT
/* Letter, number, pixels, CRC, with a blank between them. */
#define ROW_LENGTH (1U + 1U + 3U + 1U + BASE64_LENGTH(ROW_BYTES) + 1U + 8U)

/* Append row `number` of a picture. */
void row_append(text_t *line, char letter, uint32_t number, const uint16_t *pixels);

/* The number of the row that `line`, of ROW_LENGTH characters, is, its pixels in `pixels`; ROWS when it is none, or
 * was damaged on its way: `pixels` may hold anything then. */
uint32_t row_read(const char *line, char letter, uint16_t *pixels);

#endif
