/*
 * The table of errors as text, see errors.h.
 */
#include "lib/errors.h"

void error_begin(text_t *line, error_t error) {
#define ERROR_TEXT(code, text, then) #code " " text,
    static const char *const texts[ERROR_COUNT] = {"NONE", ERRORS(ERROR_TEXT)};
#undef ERROR_TEXT
    text_string(line, "E: ");
    text_string(line, texts[error]);
}
