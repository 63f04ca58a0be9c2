/*
 * Lines the application prints, see report.h.
 */
#include "app/report.h"

#include "app/model_shape.h"
#include "app/verdict.h"
#include "drivers/console.h"
#include "nn/model.h"
#include "platform.h"

#define SCORE_WIDTH 4U /* sign and three digits */

/* The class that says "none of the others" (design of the data sets). */
static bool is_negative(const char *label) {
    static const char negative[] = "negative";
    for (uint32_t i = 0; label[i] == negative[i]; i++) {
        if (label[i] == '\0') {
            return true;
        }
    }
    return false;
}

/* The line's first part is the one of the application this project grew from, which says "neg". */
static const char *short_label(const char *label) {
    return is_negative(label) ? "neg" : label;
}

static void report_score(text_t *line, const int8_t *scores, uint32_t number, bool first) {
    text_string(line, first ? "" : ", ");
    text_string(line, short_label(nn_model.labels[number]));
    text_string(line, ": ");
    text_signed(line, scores[number], SCORE_WIDTH);
}

#if NN_SCORES_SHOWN > 0
/* Whether score `a` stands before score `b`: it is higher, or as high and first. */
static bool stands_before(const int8_t *scores, uint32_t a, uint32_t b) {
    return scores[a] > scores[b] || (scores[a] == scores[b] && a < b);
}

/* Which stands after score `before`, or first of all. */
static uint32_t next_score(const int8_t *scores, bool first, uint32_t before) {
    uint32_t next = nn_model.output_count;
    for (uint32_t i = 0; i < nn_model.output_count; i++) {
        const bool open = first || stands_before(scores, before, i);
        if (open && (next == nn_model.output_count || stands_before(scores, i, next))) {
            next = i;
        }
    }
    return next;
}

void report_scores(text_t *line, const int8_t *scores) {
    uint32_t next = 0;
    for (uint32_t shown = 0; shown < NN_SCORES_SHOWN; shown++) {
        next = next_score(scores, shown == 0U, next);
        report_score(line, scores, next, shown == 0U);
    }
}

bool report_next_label(uint32_t line, uint32_t *label) {
    *label = next_score(nn_model.output, line == 0U, *label);
    return line < NN_SCORES_SHOWN;
}

/* Columns of ", label: +127". */
static size_t score_columns(uint32_t number) {
    size_t columns = sizeof ", : " - 1U + SCORE_WIDTH;
    for (const char *label = short_label(nn_model.labels[number]); *label != '\0'; label++) {
        columns++;
    }
    return columns;
}

void report_all_scores(void) {
    uint32_t next = 0;
    while (next < nn_model.output_count) {
        char buffer[REPORT_LINE_MAX];
        text_t line;
        text_init(&line, buffer, sizeof buffer);
        text_string(&line, "scores from ");
        text_unsigned(&line, next, 0);
        text_string(&line, " of ");
        text_unsigned(&line, nn_model.output_count, 0);
        text_string(&line, " | ");
        bool first = true;
        do {
            report_score(&line, nn_model.output, next, first);
            first = false;
            next++;
        } while (next < nn_model.output_count && line.length + score_columns(next) < line.capacity);
        console_text(&line);
    }
}
#else
void report_scores(text_t *line, const int8_t *scores) {
    for (uint32_t i = 0; i < nn_model.output_count; i++) {
        report_score(line, scores, i, i == 0U);
    }
}

bool report_next_label(uint32_t line, uint32_t *label) {
    for (uint32_t next = line == 0U ? 0U : *label + 1U; next < nn_model.output_count; next++) {
        if (!is_negative(nn_model.labels[next])) {
            *label = next;
            return true;
        }
    }
    return false;
}
#endif

uint32_t report_milliseconds(uint32_t cycles) {
    return cycles / (platform_core_hz() / 1000U);
}

void report_cost(text_t *line, uint32_t cycles) {
    text_string(line, " | Duration: ");
    text_unsigned(line, report_milliseconds(cycles), 0);
    text_string(line, " ms | Cycles: ");
    text_unsigned(line, cycles, 0);
}

void report_prediction(uint32_t cycles, uint32_t frame_number) {
    char buffer[REPORT_LINE_MAX];
    text_t line;
    text_init(&line, buffer, sizeof buffer);
    report_scores(&line, nn_model.output);
#if NN_GRADES > 0 || NN_ZONES > 0
    verdict_append(&line, nn_model.output);
#endif
    report_cost(&line, cycles);
    text_string(&line, " | Frame: ");
    text_unsigned(&line, frame_number, 0);
    console_text(&line);
}
