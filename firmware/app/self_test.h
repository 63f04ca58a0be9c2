/*
 * Self-test: a computed picture through camera path and network has to give the scores of the reference. What
 * it does not cover is the camera.
 */
#ifndef APP_SELF_TEST_H
#define APP_SELF_TEST_H

#include <stdbool.h>
#include <stdint.h>

/* The picture "xor-v1": pixel(x, y) = ((x * 2053 + y * 4099) ^ (x * y)) & 0xFFFF, 320 x 240, RGB565. */
const uint16_t *self_test_frame(void);

/* What self_test_frame gave is not needed any more. */
void self_test_done(void);

/* Run it and print "self-test: ok (...)", or "self-test: FAILED (...)" and an error line. True when passed.
 */
bool self_test_run(void);

#endif
