/* e^x for x in [-infinity, 0], RVV 1.0. Method and error: exp_f32_constants.h.
 *
 * In groups of two registers: the polynomial and its callers hold up to eight values at once, and groups of four
 * would leave room for seven beside the mask register. Elements behind vl are undefined in every result.
 */
#ifndef KERNELS_EXP_F32_RVV_H
#define KERNELS_EXP_F32_RVV_H

#include <riscv_vector.h>
#include <stddef.h>

#include "exp_f32_constants.h"

/* The larger of x and EXP_LOWEST. vfmax returns the number if one operand is a NaN; the comparison is false then, and
 * the merge keeps the NaN. */
static inline vfloat32m2_t exp_raise(vfloat32m2_t x, size_t vl) {
    return __riscv_vfmerge_vfm_f32m2(x, EXP_LOWEST, __riscv_vmflt_vf_f32m2_b16(x, EXP_LOWEST, vl), vl);
}

/* q * r + c: one step of Horner's scheme. */
static inline vfloat32m2_t exp_horner(vfloat32m2_t q, vfloat32m2_t r, float c, size_t vl) {
    return __riscv_vfmacc_vv_f32m2(__riscv_vfmv_v_f_f32m2(c, vl), q, r, vl);
}

/* x = n ln 2 + r: returns e^r - 1, without the rounding of e^r to a number near 1, and n. x in [EXP_LOWEST, 90]. The
 * conversion rounds to nearest, as the rounding mode of every ordinary caller says; a NaN gets some exponent, and stays
 * a NaN whatever it is multiplied by. */
static inline vfloat32m2_t exp_remainder_minus_one(vfloat32m2_t x, vint32m2_t *exponent, size_t vl) {
    *exponent = __riscv_vfcvt_x_f_v_i32m2(__riscv_vfmul_vf_f32m2(x, EXP_LOG2E, vl), vl);
    const vfloat32m2_t n = __riscv_vfcvt_f_x_v_f32m2(*exponent, vl);
    const vfloat32m2_t reduced = __riscv_vfnmsac_vf_f32m2(x, EXP_LN2_HIGH, n, vl);
    const vfloat32m2_t r = __riscv_vfnmsac_vf_f32m2(reduced, EXP_LN2_LOW, n, vl);
    vfloat32m2_t q = __riscv_vfmv_v_f_f32m2(EXP_C6, vl);
    q = exp_horner(q, r, EXP_C5, vl);
    q = exp_horner(q, r, EXP_C4, vl);
    q = exp_horner(q, r, EXP_C3, vl);
    q = exp_horner(q, r, EXP_C2, vl);
    return __riscv_vfmacc_vv_f32m2(r, __riscv_vfmul_vv_f32m2(r, r, vl), q, vl);
}

/* e^x = fraction * 2^exponent with the fraction in [0.70, 1.42]. A caller with something to multiply by does so
 * before it scales, so that a subnormal result is rounded once. */
static inline vfloat32m2_t exp_fraction(vfloat32m2_t x, vint32m2_t *exponent, size_t vl) {
    return __riscv_vfadd_vf_f32m2(exp_remainder_minus_one(exp_raise(x, vl), exponent, vl), 1.0f, vl);
}

static inline vfloat32m2_t power_of_two(vint32m2_t exponent, size_t vl) {
    const vint32m2_t biased = __riscv_vadd_vx_i32m2(exponent, 127, vl);
    return __riscv_vreinterpret_v_i32m2_f32m2(__riscv_vsll_vx_i32m2(biased, 23, vl));
}

/* v * 2^exponent: the first of the two factors leaves v normal, so only the second product rounds. */
static inline vfloat32m2_t scale_by_power(vfloat32m2_t v, vint32m2_t exponent, size_t vl) {
    const vint32m2_t half = __riscv_vsra_vx_i32m2(exponent, 1, vl);
    const vint32m2_t rest = __riscv_vsub_vv_i32m2(exponent, half, vl);
    const vfloat32m2_t scaled = __riscv_vfmul_vv_f32m2(v, power_of_two(half, vl), vl);
    return __riscv_vfmul_vv_f32m2(scaled, power_of_two(rest, vl), vl);
}

static inline vfloat32m2_t exp_nonpositive(vfloat32m2_t x, size_t vl) {
    vint32m2_t exponent;
    const vfloat32m2_t fraction = exp_fraction(x, &exponent, vl);
    return scale_by_power(fraction, exponent, vl);
}

#endif
