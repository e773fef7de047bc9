/* e^x for x in [-infinity, 0], Advanced SIMD. Method and error: exp_f32_constants.h. */
#ifndef KERNELS_EXP_F32_NEON_H
#define KERNELS_EXP_F32_NEON_H

#include <arm_neon.h>

#include "exp_f32_constants.h"

/* e^r - 1 of x = n ln 2 + r; *n is a whole number. */
static inline float32x4_t exp_reduced_minus_one(float32x4_t x, float32x4_t *n) {
    *n = vrndnq_f32(vmulq_n_f32(x, EXP_LOG2E));
    const float32x4_t reduced = vfmsq_n_f32(x, *n, EXP_LN2_HIGH);
    const float32x4_t r = vfmsq_n_f32(reduced, *n, EXP_LN2_LOW);
    float32x4_t q = vdupq_n_f32(EXP_C6);
    q = vfmaq_f32(vdupq_n_f32(EXP_C5), q, r);
    q = vfmaq_f32(vdupq_n_f32(EXP_C4), q, r);
    q = vfmaq_f32(vdupq_n_f32(EXP_C3), q, r);
    q = vfmaq_f32(vdupq_n_f32(EXP_C2), q, r);
    return vfmaq_f32(r, vmulq_f32(r, r), q);
}

/* e^x = fraction * 2^exponent with the fraction in [0.70, 1.42]. A caller with something to multiply by does so
 * before it scales, so that a subnormal result is rounded once. vmaxq (not vmaxnmq) keeps a NaN, which then passes
 * through everything. */
static inline float32x4_t exp_fraction(float32x4_t x, int32x4_t *exponent) {
    float32x4_t n;
    const float32x4_t minus_one = exp_reduced_minus_one(vmaxq_f32(x, vdupq_n_f32(EXP_LOWEST)), &n);
    *exponent = vcvtq_s32_f32(n);
    return vaddq_f32(minus_one, vdupq_n_f32(1.0f));
}

static inline float32x4_t power_of_two(int32x4_t exponent) {
    return vreinterpretq_f32_s32(vshlq_n_s32(vaddq_s32(exponent, vdupq_n_s32(127)), 23));
}

/* v * 2^exponent: the first of the two factors leaves v normal, so only the second product rounds. */
static inline float32x4_t scale_by_power(float32x4_t v, int32x4_t exponent) {
    const int32x4_t half = vshrq_n_s32(exponent, 1);
    return vmulq_f32(vmulq_f32(v, power_of_two(half)), power_of_two(vsubq_s32(exponent, half)));
}

static inline float32x4_t exp_nonpositive(float32x4_t x) {
    int32x4_t exponent;
    const float32x4_t fraction = exp_fraction(x, &exponent);
    return scale_by_power(fraction, exponent);
}

#endif
