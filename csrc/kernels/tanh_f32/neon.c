/* tanh_f32, Advanced SIMD: out[i] = tanh(x[i]).
 *
 * 1. With e = e^(-2|x|) - 1 in (-1, 0], tanh|x| = -e / (2 + e): nothing cancels, also near 0. The sign of x is put
 *    back.
 * 2. -2|x| = n ln 2 + r; e = 2^n (e^r - 1) + (2^n - 1), in which e^r - 1 is a polynomial without its 1, and 2^n - 1 is
 *    exact: for n = 0 the sum is e^r - 1 itself. Constants: exp_f32_constants.h.
 * 3. |x| is cut at 10, from where on the result is 1.
 *
 * The residue goes through a vector on the stack, so that every element gets the same function.
 *
 * Worst error: 2.50 ULP at x = -0x1.205368p+2, measured over every float from 2^-31 to 100 in magnitude.
 * Conventions: -1 and 1 at the infinities, NaN at NaN. out may be x; otherwise the two may not overlap.
 * Needs: the AArch64 base architecture. No alignment beyond that of float.
 */
#include <arm_neon.h>
#include <stddef.h>

#include "../common/exp_f32_neon.h"
#include "../common/partial_f32_neon.h"

#define TANH_IS_ONE 10.0f
#define SIGN_BIT 0x80000000u

static inline float32x4_t evaluate(float32x4_t x) {
    const float32x4_t magnitude = vminq_f32(vabsq_f32(x), vdupq_n_f32(TANH_IS_ONE)); /* keeps NaN */
    float32x4_t n;
    const float32x4_t minus_one = exp_reduced_minus_one(vmulq_n_f32(magnitude, -2.0f), &n);
    const float32x4_t power = power_of_two(vcvtq_s32_f32(n));
    const float32x4_t e = vfmaq_f32(vsubq_f32(power, vdupq_n_f32(1.0f)), power, minus_one);
    const float32x4_t result = vdivq_f32(e, vaddq_f32(e, vdupq_n_f32(2.0f))); /* -tanh|x| */
    return vbslq_f32(vdupq_n_u32(SIGN_BIT), x, result);
}

void tanh_f32_neon(float *out, const float *x, size_t len) {
    size_t i = 0;
    for (; len - i >= LANES; i += LANES)
        vst1q_f32(out + i, evaluate(vld1q_f32(x + i)));
    if (i < len)
        store_partial(out + i, evaluate(load_partial(x + i, len - i)), len - i);
}
