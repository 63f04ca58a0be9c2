/*
 * Whether a picture can be one of a scene. A sensor that has gone wrong still sends frames: black ones, white ones,
 * noise, or the same one again and again; the network would say something of each.
 */
#ifndef APP_PICTURE_H
#define APP_PICTURE_H

#include <stdint.h>

typedef enum picture_kind {
    PICTURE_ORDINARY,
    PICTURE_BLACK,  /* no sample brighter than 1 of 31 */
    PICTURE_WHITE,  /* no sample darker than 30 of 31 */
    PICTURE_NOISE,  /* neighbours differ as if each were drawn by itself */
    PICTURE_FROZEN, /* all samples as in the PICTURE_SAME_MAX frames before */
} picture_kind_t;

/* Frames alike after which a picture is frozen: a real sensor's noise does not let two be alike. */
#define PICTURE_SAME_MAX 8U

/* What the next frame is: `width` x `height` RGB565 pixels, of which some hundred are looked at. */
picture_kind_t picture_judge(const uint16_t *pixels, uint32_t width, uint32_t height);

#endif
