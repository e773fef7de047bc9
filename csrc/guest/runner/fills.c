/* See fills.h and poison.h. */
#include "fills.h"

#include <stdbool.h>
#include <string.h>

#include "pack.h"
#include "poison.h"

/* One byte per fill that, repeated, is right for IEEE half, bfloat16, single and double alike:
 * 0xff is a quiet NaN in all of them, and the maximum of unsigned integers; 0xfb is finite and negative, about -65,000
 * as a half and below -1e36 as the others; 0x7b is its positive twin. */
static const uint8_t bytes[FILL_COUNT] = {
    [FILL_BENIGN] = 0x01,
    [FILL_NAN] = 0xff,
    [FILL_HUGE_NEGATIVE] = 0xfb,
    [FILL_HUGE_POSITIVE] = 0x7b,
};

static const uint64_t general_registers[FILL_COUNT] = {
    [FILL_BENIGN] = 1,
    [FILL_NAN] = UINT64_C(0x7fffffff7fffffff),
    [FILL_HUGE_NEGATIVE] = UINT64_C(0x8000000080000000),
    [FILL_HUGE_POSITIVE] = UINT64_C(0x7fffffffffffffff),
};

static uint64_t repeat(uint64_t element, unsigned element_bytes) {
    for (unsigned width = element_bytes; width < sizeof(uint64_t); width *= 2) {
        element |= element << (8 * width);
    }
    return element;
}

uint8_t fill_byte(enum fill fill) {
    return bytes[fill];
}

uint64_t fill_general_register(enum fill fill) {
    return general_registers[fill];
}

/* Elements of any other size are taken as bytes. */
static unsigned pattern_width(const struct pack_parameter *parameter) {
    uint32_t width = parameter->element_bytes;
    return width == 2 || width == 4 || width == 8 ? width : 1;
}

uint64_t fill_word(enum fill fill, const struct pack_parameter *parameter) {
    unsigned width = pattern_width(parameter);
    if (width != parameter->element_bytes) {
        return repeat(bytes[fill], 1);
    }
    uint64_t sign = UINT64_C(1) << (8 * width - 1);
    bool is_float = parameter->element_class == ELEMENT_FLOAT && width > 1;
    switch (fill) {
    case FILL_NAN: /* the largest signed integer has the bits of a quiet NaN */
        return repeat(sign - 1, width);
    case FILL_HUGE_NEGATIVE:
        return is_float ? repeat(bytes[fill], 1) : repeat(sign, width);
    case FILL_HUGE_POSITIVE:
        return is_float ? repeat(bytes[fill], 1) : repeat(sign - 1, width);
    default:
        return repeat(bytes[fill], 1);
    }
}

uint64_t fill_canary_word(enum fill fill, const struct pack_parameter *parameter, uint32_t i) {
    _Static_assert(PACK_PARAMETER_LIMIT <= 64, "a canary stays a NaN, or huge, and never zero");
    uint64_t distinct = fill == FILL_BENIGN ? (uint64_t)i << 1 : i; /* 0x01 has its lowest bit to keep */
    return fill_word(fill, parameter) ^ repeat(distinct, pattern_width(parameter));
}

uint64_t fill_output_word(enum fill fill, const struct pack_parameter *parameter) {
    return fill_word(fill == FILL_BENIGN ? FILL_NAN : fill, parameter);
}

/* `word` as it reads from an address that lies `distance` bytes behind the start of an element. */
static uint64_t rotate_to(uint64_t word, uintptr_t distance) {
    unsigned bits = 8 * (unsigned)(distance % sizeof word);
    return bits ? word >> bits | word << (64 - bits) : word;
}

void fill_bytes(uint8_t *from, uint8_t *to, const uint8_t *anchor, uint64_t word) {
    uint64_t rotated = rotate_to(word, (uintptr_t)from - (uintptr_t)anchor);
    for (; (size_t)(to - from) >= sizeof rotated; from += sizeof rotated) {
        memcpy(from, &rotated, sizeof rotated);
    }
    memcpy(from, &rotated, (size_t)(to - from));
}

/* Bytes that differ in a word found at `at`, of which the first `length` count. */
static uint64_t count_changed(uint64_t difference, const uint8_t *at, size_t length, const uint8_t **first) {
    uint64_t changed = 0;
    for (size_t i = 0; i < length; i++, difference >>= 8) {
        if ((difference & 0xff) != 0) {
            changed++;
            *first = *first ? *first : at + i;
        }
    }
    return changed;
}

uint64_t fill_damage(const uint8_t *from, const uint8_t *to, const uint8_t *anchor, uint64_t word,
                     const uint8_t **first) {
    uint64_t rotated = rotate_to(word, (uintptr_t)from - (uintptr_t)anchor);
    uint64_t changed = 0;
    uint64_t found;
    *first = NULL;
    for (; (size_t)(to - from) >= sizeof found; from += sizeof found) {
        memcpy(&found, from, sizeof found);
        if (found != rotated) {
            changed += count_changed(found ^ rotated, from, sizeof found, first);
        }
    }
    found = rotated;
    memcpy(&found, from, (size_t)(to - from));
    return changed + count_changed(found ^ rotated, from, (size_t)(to - from), first);
}

/* What an element of a known type is poisoned with by the shims. */
struct guest_poison guest_poison;

static const struct guest_poison poisons[FILL_COUNT] = {
    [FILL_BENIGN] = {.f16_bits = 0x0101,
                     .bf16_bits = 0x0101,
                     .f32 = 0x1p-100f,
                     .f64 = 0x1p-100,
                     .s64 = 1,
                     .u64 = 1,
                     .s32 = 1,
                     .u32 = 1,
                     .s16 = 1,
                     .u16 = 1,
                     .s8 = 1,
                     .u8 = 1},
    [FILL_NAN] = {.f16_bits = 0x7fff,
                  .bf16_bits = 0x7fff,
                  .f32 = __builtin_nanf("0x3fffff"),
                  .f64 = __builtin_nan("0x7ffffffffffff"),
                  .s64 = INT64_MAX,
                  .u64 = UINT64_MAX,
                  .s32 = INT32_MAX,
                  .u32 = UINT32_MAX,
                  .s16 = INT16_MAX,
                  .u16 = UINT16_MAX,
                  .s8 = INT8_MAX,
                  .u8 = UINT8_MAX},
    [FILL_HUGE_NEGATIVE] = {.f16_bits = 0xfbfb,
                            .bf16_bits = 0xfbfb,
                            .f32 = -0x1.f7f7f6p+120f, /* 0xfbfbfbfb */
                            .f64 = -0x1.bfbfbfbfbfbfbp+960,
                            .s64 = INT64_MIN,
                            .u64 = 0,
                            .s32 = INT32_MIN,
                            .u32 = 0,
                            .s16 = INT16_MIN,
                            .u16 = 0,
                            .s8 = INT8_MIN,
                            .u8 = 0},
    [FILL_HUGE_POSITIVE] = {.f16_bits = 0x7b7b,
                            .bf16_bits = 0x7b7b,
                            .f32 = 0x1.f6f6f6p+119f, /* 0x7b7b7b7b */
                            .f64 = 0x1.b7b7b7b7b7b7bp+952,
                            .s64 = INT64_MAX,
                            .u64 = UINT64_MAX,
                            .s32 = INT32_MAX,
                            .u32 = UINT32_MAX,
                            .s16 = INT16_MAX,
                            .u16 = UINT16_MAX,
                            .s8 = INT8_MAX,
                            .u8 = UINT8_MAX},
};

void fill_set_poison(enum fill fill) {
    guest_poison = poisons[fill];
}
