/*
 * A board without a display (LCD=off), see display.h: the network's frame is free when the network is done.
 */
#include "app/display.h"
#include "app/frames.h"

void display_init(void) {}

void display_show(uint32_t cycles) {
    (void)cycles;
    frames_release(FRAME_NETWORK);
}

void display_step(void) {}

void display_describe(text_t *line) {
    text_string(line, "none");
}
