/* What undefined values are filled with. The runner fills memory and registers with it; kernels of the hostile build
 * include this file too, because their shims fill inactive lanes and undefined vectors from guest_poison, which
 * the runner sets before every call. */
#ifndef HARNESS_GUEST_POISON_H
#define HARNESS_GUEST_POISON_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One value per element type. Read it at the place of use and never copy it to static storage: it differs from
 * call to call. The half-precision formats are raw bits because not every compiler has the types. */
struct guest_poison {
    uint16_t f16_bits;
    uint16_t bf16_bits;
    float f32;
    double f64;
    int64_t s64;
    uint64_t u64;
    int32_t s32;
    uint32_t u32;
    int16_t s16;
    uint16_t u16;
    int8_t s8;
    uint8_t u8;
};

extern struct guest_poison guest_poison;

#ifdef __cplusplus
}
#endif

#endif
