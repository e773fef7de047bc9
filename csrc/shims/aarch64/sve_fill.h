/* How the shims fill the unknown lanes of SVE vectors.
 *
 * Everything the macros expand to is an intrinsic or an operator, so that it can stand wherever the wrapped
 * intrinsic can: in streaming mode (a call of an ordinary function would leave it; ACLE, "Changing streaming
 * mode locally"), in functions with a target attribute, with immediate operands. Arguments are evaluated once.
 */
#ifndef HARNESS_HOSTILE_SVE_FILL_H
#define HARNESS_HOSTILE_SVE_FILL_H

/* ---- vectors full of poison; f16 and bf16 by their bits, since arithmetic on such scalars may be missing ------ */

#define HOSTILE_FILL_s8() svdup_n_s8(HOSTILE_POISON(int8_t, hostile_at_s8))
#define HOSTILE_FILL_s16() svdup_n_s16(HOSTILE_POISON(int16_t, hostile_at_s16))
#define HOSTILE_FILL_s32() svdup_n_s32(HOSTILE_POISON(int32_t, hostile_at_s32))
#define HOSTILE_FILL_s64() svdup_n_s64(HOSTILE_POISON(int64_t, hostile_at_s64))
#define HOSTILE_FILL_u8() svdup_n_u8(HOSTILE_POISON(uint8_t, hostile_at_u8))
#define HOSTILE_FILL_u16() svdup_n_u16(HOSTILE_POISON(uint16_t, hostile_at_u16))
#define HOSTILE_FILL_u32() svdup_n_u32(HOSTILE_POISON(uint32_t, hostile_at_u32))
#define HOSTILE_FILL_u64() svdup_n_u64(HOSTILE_POISON(uint64_t, hostile_at_u64))
#define HOSTILE_FILL_f16() svreinterpret_f16_u16(svdup_n_u16(HOSTILE_POISON(uint16_t, hostile_at_f16)))
#define HOSTILE_FILL_bf16() svreinterpret_bf16_u16(svdup_n_u16(HOSTILE_POISON(uint16_t, hostile_at_bf16)))
#define HOSTILE_FILL_f32() svdup_n_f32(HOSTILE_POISON(float, hostile_at_f32))
#define HOSTILE_FILL_f64() svdup_n_f64(HOSTILE_POISON(double, hostile_at_f64))
/* Predicates have no poison of their own: all true where unsigned integers are poisoned by their maximum. */
#define HOSTILE_FILL_b() svdup_n_b8(HOSTILE_POISON(uint8_t, hostile_at_u8) != 0)

/* ---- predicates of wider containers ---------------------------------------------------------------------------
 * One predicate bit governs a whole container, the bit of its lowest byte (Arm ARM, "Predicate registers"). A
 * result whose elements are narrower than the container (FCVT .H from .S, REVD) needs that bit copied to all
 * bytes: what is unknown is the whole inactive container, and what is defined is the whole active one, in which
 * the instruction zero- or sign-extends the element. */

#define HOSTILE_BYTES_OF(vector) svcmpne_n_u8(svptrue_b8(), vector, 0)
#define HOSTILE_CONTAINERS_0(active) (active) /* of the result's own elements */
#define HOSTILE_CONTAINERS_32(active) HOSTILE_BYTES_OF(svreinterpret_u8_u32(svdup_n_u32_z(active, UINT32_MAX)))
#define HOSTILE_CONTAINERS_64(active) HOSTILE_BYTES_OF(svreinterpret_u8_u64(svdup_n_u64_z(active, UINT64_MAX)))
#define HOSTILE_CONTAINERS_128(active)                                                                                 \
    HOSTILE_BYTES_OF(                                                                                                  \
        svreinterpret_u8_u64(svtrn1_u64(svdup_n_u64_z(active, UINT64_MAX), svdup_n_u64_z(active, UINT64_MAX))))

/* ---- first-faulting and non-faulting loads -------------------------------------------------------------------
 * Inactive lanes are zero; active ones whose FFR element is clear are unknown. Reading the FFR changes nothing: the
 * kernel's own read, later, sees the same (ACLE, "First-faulting and non-faulting loads"). */

#define HOSTILE_NOT_LOADED(active) svbic_b_z(svptrue_b8(), active, svrdffr())

/* ---- what the intrinsics become -------------------------------------------------------------------------------
 * HOSTILE_X(bits, name, arguments): the predicate governs containers of `bits`, 0 for those of the result's own
 * elements. HOSTILE_X_BY_OPERAND: the operand's type says (overloaded conversions).
 *
 * `name` is the intrinsic itself: a macro's own name is not expanded again inside its expansion (C11 6.10.3.4).
 * The assignment in front of the arguments, of which the predicate is the first, keeps the predicate: nothing is
 * evaluated twice, and commas in template arguments do no harm. */

#ifdef __cplusplus
#include "sve_fill_cxx.h"
#else
#include "sve_fill_c.h"
#endif

#endif
