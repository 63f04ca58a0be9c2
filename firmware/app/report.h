/*
 * Lines the application prints: predictions.
 */
#ifndef APP_REPORT_H
#define APP_REPORT_H

#include "app/model_shape.h"
#include "lib/text.h"

#include <stdbool.h>
#include <stdint.h>

/* Longest line, terminator included. */
#define REPORT_LINE_MAX NN_LINE_MAX

/* Append "car: +127, neg: -128, person:  +12" for the given scores, one a class of the network; of a network with more
 * than a line holds the NN_SCORES_SHOWN highest, the highest first. */
void report_scores(text_t *line, const int8_t *scores);

/* Which label a picture shows in its line `line`, counted from 0; false: there are no more. All but "negative", which
 * the others' absence says, in their order; of a network with more than a prediction line holds the NN_SCORES_SHOWN with
 * the highest scores, the highest first. `label` is that of the line before, and becomes that of this one. */
bool report_next_label(uint32_t line, uint32_t *label);

/* "car: +127, ... | Duration: 57 ms | Cycles: 27412345 | Frame: 17" of the network's present output, with its grade and
 * zone before the duration where its card has any (verdict.h). */
void report_prediction(uint32_t cycles, uint32_t frame_number);

/* All scores of the network's present output, in their order, on as many lines as they need:
 * "scores from 0 of 100 | cat:  +12, dog: -128, ...". Only where a prediction line does not show them all. */
void report_all_scores(void);

/* Append " | Duration: 57 ms | Cycles: 27412345". */
void report_cost(text_t *line, uint32_t cycles);

/* Whole milliseconds in `cycles`. */
uint32_t report_milliseconds(uint32_t cycles);

#endif
