/* The listening half of the stand-in: see streaming.c. */
#ifndef STREAMING_H
#define STREAMING_H

void listening_start(void);
void listening_stop(void);
void dma2_stream1_handler(void);

#endif
