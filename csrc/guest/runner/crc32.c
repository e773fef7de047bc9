/* CRC-32, eight bytes per step: by the instruction that AArch64 has for it, else "slicing by 8" (Kounavis and Berry,
 * 2005). Under an emulator the tables cost as much as many a kernel. */
#include "crc32.h"

#include <stdbool.h>
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

#if defined(__aarch64__)

#include <sys/auxv.h>

#define HAS_CRC32 (UINT64_C(1) << 7) /* of AT_HWCAP, <asm/hwcap.h> */

static bool has_instruction(void) {
    return (getauxval(AT_HWCAP) & HAS_CRC32) != 0;
}

/* Arm ARM, CRC32X: the same polynomial, reflected. */
static uint32_t step(uint32_t crc, uint64_t word) {
    __asm__(".arch_extension crc\n\tcrc32x %w0, %w0, %x1" : "+r"(crc) : "r"(word));
    return crc;
}

#else

static bool has_instruction(void) {
    return false;
}

static uint32_t step(uint32_t crc, uint64_t word) {
    (void)word;
    return crc;
}

#endif

static uint32_t step_by_tables(uint32_t crc, uint64_t word) {
    const uint32_t (*table)[256] = (const uint32_t (*)[256])guest_frozen.crc32_tables;
    word ^= crc;
    crc = 0;
    for (unsigned i = 0; i < sizeof word; i++, word >>= 8) {
        crc ^= table[CRC32_SLICES - 1 - i][word & 0xff];
    }
    return crc;
}

uint32_t crc32_of(const void *data, size_t bytes) {
    const uint32_t (*table)[256] = (const uint32_t (*)[256])guest_frozen.crc32_tables;
    const bool by_instruction = has_instruction();
    const uint8_t *at = data;
    uint32_t crc = UINT32_MAX;
    uint64_t word;
    for (; bytes >= sizeof word; bytes -= sizeof word, at += sizeof word) {
        memcpy(&word, at, sizeof word);
        crc = by_instruction ? step(crc, word) : step_by_tables(crc, word);
    }
    for (; bytes > 0; bytes--, at++) {
        crc = crc >> 8 ^ table[0][(crc ^ *at) & 0xff];
    }
    return ~crc;
}
