/*
 * What the scores amount to, where the network's card says that some of them are grades, or that one has zones.
 */
#ifndef APP_VERDICT_H
#define APP_VERDICT_H

#include "lib/text.h"

#include <stdint.h>

/* Append " | Grade: R | Zone: trusted" for the given scores, of a network without grades or zones not that part. The grade
 * is that of the highest score, the first of equal ones; the zone the first whose least score is reached, or "none". */
void verdict_append(text_t *line, const int8_t *scores);

#endif
