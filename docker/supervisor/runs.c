/* See runs.h. */
#include "runs.h"

#include <string.h>

static const uint8_t zeros[BLOCK_BYTES];

static const uint8_t *block_before(const uint8_t *raw, uint32_t index) {
    return index > 0 ? raw + (index - 1) * BLOCK_BYTES : zeros;
}

static uint32_t repeats_at(const uint8_t *raw, uint32_t index, uint32_t blocks) {
    const uint8_t *model = block_before(raw, index);
    uint32_t count = 0;
    while (index + count < blocks && memcmp(raw + (index + count) * BLOCK_BYTES, model, BLOCK_BYTES) == 0) {
        count++;
    }
    return count;
}

uint32_t runs_encode(const uint8_t *raw, uint32_t raw_bytes, uint8_t *encoded) {
    uint32_t blocks = raw_bytes / BLOCK_BYTES;
    uint8_t *to = encoded;
    uint32_t at = 0;
    for (;;) {
        struct section section = {0};
        uint32_t next = at;
        while (next < blocks) {
            uint32_t count = repeats_at(raw, next, blocks);
            if (count >= LEAST_REPEATS) {
                section.repeats = count;
                break;
            }
            next += count + 1;
        }
        next = next < blocks ? next : blocks;
        section.literal_blocks = next - at;
        memcpy(to, &section, sizeof section);
        memcpy(to + sizeof section, raw + at * BLOCK_BYTES, section.literal_blocks * BLOCK_BYTES);
        to += sizeof section + section.literal_blocks * BLOCK_BYTES;
        at = next + section.repeats;
        if (section.repeats == 0) {
            break;
        }
    }
    memcpy(to, raw + blocks * BLOCK_BYTES, raw_bytes % BLOCK_BYTES);
    return (uint32_t)(to - encoded) + raw_bytes % BLOCK_BYTES;
}

bool runs_decode(const uint8_t *encoded, uint32_t encoded_bytes, uint8_t *raw, uint32_t raw_bytes) {
    uint32_t blocks = raw_bytes / BLOCK_BYTES, tail = raw_bytes % BLOCK_BYTES, at = 0;
    const uint8_t *end = encoded + encoded_bytes;
    struct section section = {.repeats = 1};
    while (section.repeats > 0) {
        if ((size_t)(end - encoded) < sizeof section) {
            return false;
        }
        memcpy(&section, encoded, sizeof section);
        encoded += sizeof section;
        if (section.literal_blocks > blocks - at || section.repeats > blocks - at - section.literal_blocks ||
            (size_t)(end - encoded) < (size_t)section.literal_blocks * BLOCK_BYTES) {
            return false;
        }
        memcpy(raw + at * BLOCK_BYTES, encoded, section.literal_blocks * BLOCK_BYTES);
        encoded += section.literal_blocks * BLOCK_BYTES;
        at += section.literal_blocks;
        for (uint32_t i = 0; i < section.repeats; i++, at++) {
            memcpy(raw + at * BLOCK_BYTES, block_before(raw, at), BLOCK_BYTES);
        }
    }
    if (at != blocks || end - encoded != tail) {
        return false;
    }
    memcpy(raw + blocks * BLOCK_BYTES, encoded, tail);
    return true;
}
