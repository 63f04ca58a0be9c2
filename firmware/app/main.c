/*
 * crosscam: tells on its console whether the camera sees a car, a person, both or neither.
 *
 * The main loop has two duties, frames and commands; between them it sleeps. It alone refreshes the watchdog,
 * so whatever hangs, hangs for 8 seconds at most.
 */
#include "app/commands.h"
#include "app/info.h"
#include "app/integrity.h"
#include "app/report.h"
#include "app/self_test.h"
#include "app/vision.h"
#include "drivers/camera.h"
#include "drivers/console.h"
#include "drivers/hal.h"
#include "lib/errors.h"
#include "platform.h"

int main(void);

static void say(error_t problem) {
    char buffer[REPORT_LINE_MAX];
    text_t line;
    text_init(&line, buffer, sizeof buffer);
    error_begin(&line, problem);
    console_text(&line);
}

/* Say why and let the watchdog try again. */
static void give_up(error_t problem) {
    say(problem);
    for (;;) {
        hal_delay_ms(1000);
    }
}

static void tell_last_fault(void) {
    char buffer[REPORT_LINE_MAX];
    text_t line;
    text_init(&line, buffer, sizeof buffer);
    text_string(&line, "fault before this boot: ");
    if (platform_last_fault(&line)) {
        console_text(&line);
    }
}

static bool work_pending(void) {
    return console_input_waiting() || camera_has_news();
}

int main(void) {
    console_init();
    const error_t problem = platform_init();
    if (problem != ERROR_NONE && problem != ERROR_WATCHDOG_OFF) {
        give_up(problem);
    }
    info_banner();
    tell_last_fault();
    if (problem != ERROR_NONE) {
        say(problem);
    }
    (void)integrity_check_all(); /* damaged, it answers its console and takes no pictures */
    (void)self_test_run();       /* a network that differs is said, and still shown at work */
    hal_watchdog_refresh();
    vision_init();
    (void)vision_run(); /* without a camera the console still works */

    for (;;) {
        hal_watchdog_refresh();
        commands_step();
        vision_step();
        hal_sleep_unless(work_pending);
    }
}
