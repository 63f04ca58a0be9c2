/*
 * What this firmware is: the boot banner, which the command `i` prints again, and the layer profile.
 */
#ifndef APP_INFO_H
#define APP_INFO_H

/* Name, version, model, clock and memory, one line each. */
void info_banner(void);

/* The camera that was found. */
void info_camera(void);

/* What the display did and cost so far. */
void info_display(void);

/* Stack depth and frames so far; in `i` only, since they grow while running. */
void info_running(void);

/* One line a layer (name, operator, MACs, cycles) and a total, measured on the self-test's picture. */
void info_profile(void);

#endif
