/*
 * A picture from the host through the network, row by row over the console:
 *
 *     u [BAUD]
 *     feed: send 240 rows, 921600 baud
 *
 * The host sends rows ("U 000 <base64> <CRC>", each ended by LF), one after the other, in any order; each is answered
 * by "u 000 ok", or by "u bad" where it came damaged, which asks for it again. After the last one, or when nothing has
 * come for three seconds:
 *
 *     fed 1 | car: -101, neg: -103, person:  +95 | Duration: 28 ms | Cycles: 13654870
 *     feed: gave up, 17 of 240 rows are missing
 */
#ifndef APP_FEED_H
#define APP_FEED_H

/* The command with what follows its letter; returns when the picture has come, or will not. */
void feed_command(const char *arguments);

#endif
