/* sigmoid_f32, Advanced SIMD: out[i] = 1 / (1 + e^-x[i]).
 *
 * 1. e = e^-|x| lies in [0, 1], so nothing overflows.
 * 2. For x < 0, e / (1 + e); otherwise 1 / (1 + e). Both stay within [0, 1] after rounding, and neither cancels.
 *
 * The residue goes through a vector on the stack, so that every element gets the same function.
 *
 * Worst error: 2.41 ULP at x = -0x1.0a111ap+2, measured over every float from 2^-31 to 111 in magnitude.
 * Conventions: 0 at -infinity, 1 at +infinity, NaN at NaN. out may be x; otherwise the two may not overlap.
 * Needs: the AArch64 base architecture. No alignment beyond that of float.
 */
#include <arm_neon.h>
#include <stddef.h>

#include "../common/exp_f32_neon.h"
#include "../common/partial_f32_neon.h"

static inline float32x4_t sigmoid(float32x4_t x) {
    const float32x4_t one = vdupq_n_f32(1.0f);
    const float32x4_t e = exp_nonpositive(vnegq_f32(vabsq_f32(x)));
    const float32x4_t numerator = vbslq_f32(vcltzq_f32(x), e, one);
    return vdivq_f32(numerator, vaddq_f32(one, e));
}

void sigmoid_f32_neon(float *out, const float *x, size_t len) {
    size_t i = 0;
    for (; len - i >= LANES; i += LANES)
        vst1q_f32(out + i, sigmoid(vld1q_f32(x + i)));
    if (i < len)
        store_partial(out + i, sigmoid(load_partial(x + i, len - i)), len - i);
}
