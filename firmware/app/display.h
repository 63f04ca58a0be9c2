/*
 * What the display shows: the frame a prediction belongs to, with its labels, green where the score reaches the card's
 * threshold and red where not, and how long it took. Built with LCD=off, all of this does nothing.
 */
#ifndef APP_DISPLAY_H
#define APP_DISPLAY_H

#include "lib/text.h"

#include <stdint.h>

/* Set the display up; takes about 0.2 s. */
void display_init(void);

/* The network is done with its frame, whose scores are in nn_model.output and which took `cycles`: write them on it and
 * start to send it. While the frame before is still being sent this one is not shown. */
void display_show(uint32_t cycles);

/* A frame that has been sent is nobody's any more. */
void display_step(void);

/* Append what the display cost and did: "ILI9341 320x240, 63210 cycles a frame, 17 shown, 0 left out". */
void display_describe(text_t *line);

#endif
