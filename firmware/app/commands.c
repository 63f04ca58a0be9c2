/*
 * The console's commands, see commands.h.
 */
#include "app/commands.h"

#include "app/dump.h"
#include "app/feed.h"
#include "app/info.h"
#include "app/model_shape.h"
#include "app/report.h"
#include "app/self_test.h"
#include "app/vision.h"
#include "drivers/console.h"
#include "lib/errors.h"
#include "lib/text.h"

#include <stddef.h>

static void help(void);

static void info(void) {
    info_banner();
    info_display();
    info_running();
}

static void self_test(void) {
    (void)self_test_run();
}

static void single(void) {
    (void)vision_single();
}

static void run(void) {
    if (vision_run()) {
        console_line("running");
    }
}

static void stop(void) {
    vision_stop();
    console_line("stopped");
}

typedef struct command {
    char letter;
    const char *help;
    void (*action)(void);
    void (*with)(const char *arguments); /* instead of `action`: it takes arguments */
} command_t;

static const command_t commands[] = {
    {'h', "this list", help, NULL},
    {'i', "what this firmware is and what it uses", info, NULL},
    {'s', "self-test on the built-in picture", self_test, NULL},
    {'p', "profile: cycles of every layer", info_profile, NULL},
#if NN_SCORES_SHOWN > 0
    {'a', "all scores of the last picture", report_all_scores, NULL},
#endif
    {'d', "dump a picture, for crosscam grab", NULL, dump_command},
    {'u', "take a picture, from crosscam feed", NULL, feed_command},
    {'f', "one frame, then stop", single, NULL},
    {'r', "run: frame after frame", run, NULL},
    {'x', "stop", stop, NULL},
};

#define COMMAND_COUNT (sizeof commands / sizeof commands[0])

static void help(void) {
    for (unsigned i = 0; i < COMMAND_COUNT; i++) {
        char buffer[64];
        text_t line;
        text_init(&line, buffer, sizeof buffer);
        text_char(&line, commands[i].letter);
        text_string(&line, "  ");
        text_string(&line, commands[i].help);
        console_text(&line);
    }
}

static void unknown(const char *input) {
    char buffer[80 + CONSOLE_INPUT_MAX];
    text_t line;
    text_init(&line, buffer, sizeof buffer);
    error_begin(&line, ERROR_CMD_UNKNOWN);
    text_string(&line, " (");
    text_string(&line, input);
    text_char(&line, ')');
    console_text(&line);
}

static void execute(const char *input) {
    for (unsigned i = 0; i < COMMAND_COUNT; i++) {
        if (input[0] != commands[i].letter) {
            continue;
        }
        if (commands[i].with != NULL && (input[1] == '\0' || input[1] == ' ')) {
            commands[i].with(input + 1);
            return;
        }
        if (commands[i].with == NULL && input[1] == '\0') {
            commands[i].action();
            return;
        }
    }
    unknown(input);
}

void commands_step(void) {
    switch (console_poll()) {
    case CONSOLE_NOTHING:
        break;
    case CONSOLE_COMMAND:
        execute(console_input());
        break;
    case CONSOLE_TOO_LONG:
        unknown("input too long or lost");
        break;
    }
}
