/* CRC-32, eight bytes per step ("slicing by 8": Kounavis and Berry, 2005). */
#include "crc32.h"

#include <string.h>

#include "memory.h"

#define POLYNOMIAL 0xedb88320u /* bit-reversed */

void crc32_prepare(void) {
    uint32_t (*table)[256] = guest_frozen.crc32_tables;
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t crc = i;
        for (int bit = 0; bit < 8; bit++) {
            crc = crc & 1 ? crc >> 1 ^ POLYNOMIAL : crc >> 1;
        }
        table[0][i] = crc;
    }
    for (uint32_t slice = 1; slice < CRC32_SLICES; slice++) {
        for (uint32_t i = 0; i < 256; i++) {
            uint32_t shorter = table[slice - 1][i];
            table[slice][i] = shorter >> 8 ^ table[0][shorter & 0xff];
        }
    }
}

uint32_t crc32_of(const void *data, size_t bytes) {
    const uint32_t (*table)[256] = (const uint32_t (*)[256])guest_frozen.crc32_tables;
    const uint8_t *at = data;
    uint32_t crc = UINT32_MAX;
    for (; bytes >= sizeof(uint64_t); bytes -= sizeof(uint64_t), at += sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, at, sizeof word);
        word ^= crc;
        crc = 0;
        for (unsigned i = 0; i < sizeof word; i++, word >>= 8) {
            crc ^= table[CRC32_SLICES - 1 - i][word & 0xff];
        }
    }
    for (; bytes > 0; bytes--, at++) {
        crc = crc >> 8 ^ table[0][(crc ^ *at) & 0xff];
    }
    return ~crc;
}
