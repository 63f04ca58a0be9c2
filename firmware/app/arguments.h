/*
 * Numbers behind a command's letter.
 */
#ifndef APP_ARGUMENTS_H
#define APP_ARGUMENTS_H

#include <stdint.h>

#define ARGUMENTS_WRONG 0xFFFFFFFFU

/* The decimal numbers in `text`, each after one blank or more, at most `most`; how many there are, or ARGUMENTS_WRONG
 * when there are more, or something else, or a number of more than nine digits. */
uint32_t arguments_read(const char *text, uint32_t *numbers, uint32_t most);

#endif
