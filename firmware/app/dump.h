/*
 * A picture to the host, row by row over the console:
 *
 *     d [BAUD]              stops what runs, takes a picture, predicts it, sends all of it
 *     d FIRST LAST [BAUD]   rows of the same picture again, until another is taken
 *
 *     dump: frame 7, rows 0 to 239 of 240, 921600 baud
 *     D 000 <base64> <CRC>
 *     ...
 *     dump: end of frame 7, CRC 0123ABCD
 *
 * The CRC is that of all pixels. BAUD is for the rows alone: the line before them comes at the console's speed, the
 * line after them, too, both with a pause in which the host changes its own.
 */
#ifndef APP_DUMP_H
#define APP_DUMP_H

/* The command with what follows its letter. */
void dump_command(const char *arguments);

#endif
