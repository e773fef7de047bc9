/* exp_f32, Advanced SIMD: out[i] = e^x[i].
 *
 * 1. x is cut at 89.5, beyond which the result is infinite anyway.
 * 2. e^x = fraction * 2^n, see exp_f32_constants.h. The power of two is multiplied in last, as two factors, so that a
 *    subnormal result is rounded once, and one that is too large becomes infinite.
 *
 * The residue goes through a vector on the stack, so that every element gets the same function.
 *
 * Worst error: 1.01 ULP at x = 0x1.2e3aa8p+5, measured over every float from 2^-31 to 120 in magnitude.
 * Conventions: +0 at -infinity, +infinity at +infinity, NaN at NaN. out may be x; otherwise the two may not overlap.
 * Needs: the AArch64 base architecture. No alignment beyond that of float.
 */
#include <arm_neon.h>
#include <stddef.h>

#include "../common/exp_f32_neon.h"
#include "../common/partial_f32_neon.h"

/* From 88.73 on, the result is infinite. */
#define EXP_HIGHEST 89.5f

static inline float32x4_t evaluate(float32x4_t x) {
    int32x4_t exponent;
    const float32x4_t fraction = exp_fraction(vminq_f32(x, vdupq_n_f32(EXP_HIGHEST)), &exponent); /* keeps NaN */
    return scale_by_power(fraction, exponent);
}

void exp_f32_neon(float *out, const float *x, size_t len) {
    size_t i = 0;
    for (; len - i >= LANES; i += LANES)
        vst1q_f32(out + i, evaluate(vld1q_f32(x + i)));
    if (i < len)
        store_partial(out + i, evaluate(load_partial(x + i, len - i)), len - i);
}
