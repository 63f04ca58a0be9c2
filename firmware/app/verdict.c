/*
 * What the scores amount to, see verdict.h.
 */
#include "app/verdict.h"

#include "app/model_shape.h"
#include "nn/model.h"

#if NN_GRADES > 0
static const char *grade(const int8_t *scores) {
    uint32_t highest = NN_FIRST_GRADE;
    for (uint32_t i = NN_FIRST_GRADE; i < NN_FIRST_GRADE + NN_GRADES; i++) {
        if (scores[i] > scores[highest]) {
            highest = i;
        }
    }
    return nn_model.labels[highest];
}
#endif

#if NN_ZONES > 0
static const char *zone(int8_t score) {
    for (uint32_t i = 0; i < NN_ZONES; i++) {
        if (score >= nn_model_zones[i].least) {
            return nn_model_zones[i].name;
        }
    }
    return "none";
}
#endif

void verdict_append(text_t *line, const int8_t *scores) {
#if NN_GRADES > 0
    text_string(line, " | Grade: ");
    text_string(line, grade(scores));
#endif
#if NN_ZONES > 0
    text_string(line, " | Zone: ");
    text_string(line, zone(scores[NN_ZONE_LABEL]));
#endif
    (void)line;
    (void)scores;
}
