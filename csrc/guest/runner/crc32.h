/* CRC-32 as in IEEE 802.3 and zlib: the host checks it with zlib.crc32. */
#ifndef HARNESS_GUEST_CRC32_H
#define HARNESS_GUEST_CRC32_H

#include <stddef.h>
#include <stdint.h>

void crc32_prepare(void); /* once, before crc32_of */
uint32_t crc32_of(const void *data, size_t bytes);

#endif
