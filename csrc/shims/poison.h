/* What the shims put where the standard leaves a value undefined. The guest runner owns the values and sets them
 * before every call; the shims only read them, at run time, so that one binary serves all fills.
 *
 * A kernel may have macros named like the members (`#define f32 float`), defined before it includes an intrinsics
 * header or after. So the members are named here only, with such macros set aside, and the shims go by offsets.
 */
#ifndef HARNESS_HOSTILE_POISON_H
#define HARNESS_HOSTILE_POISON_H

#include <stdint.h>

#pragma push_macro("f32")
#pragma push_macro("f64")
#pragma push_macro("s8")
#pragma push_macro("s16")
#pragma push_macro("s32")
#pragma push_macro("s64")
#pragma push_macro("u8")
#pragma push_macro("u16")
#pragma push_macro("u32")
#pragma push_macro("u64")
#undef f32
#undef f64
#undef s8
#undef s16
#undef s32
#undef s64
#undef u8
#undef u16
#undef u32
#undef u64

#include "../guest/runner/poison.h"

enum {
    hostile_at_f16 = __builtin_offsetof(struct guest_poison, f16_bits),
    hostile_at_bf16 = __builtin_offsetof(struct guest_poison, bf16_bits),
    hostile_at_f32 = __builtin_offsetof(struct guest_poison, f32),
    hostile_at_f64 = __builtin_offsetof(struct guest_poison, f64),
    hostile_at_s8 = __builtin_offsetof(struct guest_poison, s8),
    hostile_at_s16 = __builtin_offsetof(struct guest_poison, s16),
    hostile_at_s32 = __builtin_offsetof(struct guest_poison, s32),
    hostile_at_s64 = __builtin_offsetof(struct guest_poison, s64),
    hostile_at_u8 = __builtin_offsetof(struct guest_poison, u8),
    hostile_at_u16 = __builtin_offsetof(struct guest_poison, u16),
    hostile_at_u32 = __builtin_offsetof(struct guest_poison, u32),
    hostile_at_u64 = __builtin_offsetof(struct guest_poison, u64)
};

#pragma pop_macro("f32")
#pragma pop_macro("f64")
#pragma pop_macro("s8")
#pragma pop_macro("s16")
#pragma pop_macro("s32")
#pragma pop_macro("s64")
#pragma pop_macro("u8")
#pragma pop_macro("u16")
#pragma pop_macro("u32")
#pragma pop_macro("u64")

/* A macro, not a function: it serves code in streaming mode, with any target attribute, at -O0. */
#define HOSTILE_POISON(type, offset) (*(const type *)((const char *)&guest_poison + (offset)))

#endif
