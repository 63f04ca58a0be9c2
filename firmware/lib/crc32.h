/*
 * CRC-32 as of IEEE 802.3, the one of zlib and PNG.
 */
#ifndef LIB_CRC32_H
#define LIB_CRC32_H

#include <stddef.h>
#include <stdint.h>

/* The CRC of `size` bytes; `before` is that of what came before them, 0 at the start. */
uint32_t crc32(uint32_t before, const void *data, size_t size);

#endif
