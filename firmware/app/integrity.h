/*
 * Whether flash still holds what was linked: program and weights against the seal the build has put behind them
 * (firmware/seal.py). All of it at boot, a slice with every frame.
 */
#ifndef APP_INTEGRITY_H
#define APP_INTEGRITY_H

#include <stdbool.h>

/* The whole image, now. False, after an error line, when it differs. */
bool integrity_check_all(void);

/* The next 16 KB; the verdict falls with the last of them. False, after an error line, when the image differs. */
bool integrity_check_slice(void);

/* No check has found a difference so far. */
bool integrity_holds(void);

#endif
