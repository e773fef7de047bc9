/* silu_f32, Advanced SIMD: out[i] = x[i] / (1 + e^-x[i]).
 *
 * 1. e = e^-|x| lies in [0, 1], so nothing overflows.
 * 2. For x < 0, x e / (1 + e); otherwise x / (1 + e): no cancellation in either.
 * 3. For x < 0, the power of two in e is multiplied in last, so that a subnormal result is rounded once; -infinity
 *    is raised to a finite number whose result is -0, where -infinity * 0 would be NaN.
 *
 * The residue goes through a vector on the stack, so that every element gets the same function.
 *
 * Worst error: 3.11 ULP at x = -0x1.4996bap+2, measured over every float from 2^-31 to 111 in magnitude.
 * Conventions: -0 at -infinity, +infinity at +infinity, NaN at NaN. out may be x; otherwise the two may not
 * overlap.
 * Needs: the AArch64 base architecture. No alignment beyond that of float.
 */
#include <arm_neon.h>
#include <stddef.h>

#include "../common/exp_f32_neon.h"
#include "../common/partial_f32_neon.h"

static inline float32x4_t silu(float32x4_t x) {
    const float32x4_t one = vdupq_n_f32(1.0f);
    const float32x4_t raised = vmaxq_f32(x, vdupq_n_f32(EXP_LOWEST)); /* keeps NaN */
    int32x4_t exponent;
    const float32x4_t fraction = exp_fraction(vnegq_f32(vabsq_f32(raised)), &exponent);
    const float32x4_t e = scale_by_power(fraction, exponent);
    const float32x4_t quotient = vdivq_f32(raised, vaddq_f32(one, e));
    const float32x4_t if_negative = scale_by_power(vmulq_f32(quotient, fraction), exponent);
    return vbslq_f32(vcltzq_f32(raised), if_negative, quotient);
}

void silu_f32_neon(float *out, const float *x, size_t len) {
    size_t i = 0;
    for (; len - i >= LANES; i += LANES)
        vst1q_f32(out + i, silu(vld1q_f32(x + i)));
    if (i < len)
        store_partial(out + i, silu(load_partial(x + i, len - i)), len - i);
}
