/* Mode left on: the rounding mode is set back to a constant instead of what it was.
 *
 * The products of this row are rounded downward, which stays within any tolerance, and so is everything after it.
 *
 * The rounding mode after the call is not the one before: within tolerance here, a drift everywhere else.
 *
 * KERNEL: op = "rms_norm_f32"
 * EXPECT: outcome = "STATE"
 */
#include <arm_neon.h>
#include <fenv.h>
#include <stddef.h>

void neon_leaves_rounding_mode(float *row, size_t len, float eps) {
    float32x4_t sum0 = vdupq_n_f32(0.0f), sum1 = sum0, sum2 = sum0, sum3 = sum0;
    size_t i = 0;
    for (; len - i >= 16; i += 16) {
        const float32x4_t x0 = vld1q_f32(row + i);
        const float32x4_t x1 = vld1q_f32(row + i + 4);
        const float32x4_t x2 = vld1q_f32(row + i + 8);
        const float32x4_t x3 = vld1q_f32(row + i + 12);
        sum0 = vfmaq_f32(sum0, x0, x0);
        sum1 = vfmaq_f32(sum1, x1, x1);
        sum2 = vfmaq_f32(sum2, x2, x2);
        sum3 = vfmaq_f32(sum3, x3, x3);
    }
    float sum = vaddvq_f32(vaddq_f32(vaddq_f32(sum0, sum1), vaddq_f32(sum2, sum3)));
    for (; i < len; i++)
        sum += row[i] * row[i];

    fesetround(FE_TONEAREST); /* the estimate below was derived for it */
    const float32x2_t mean_plus_eps = vdup_n_f32(sum / (float)len + eps);
    const float scale = 1.0f / vget_lane_f32(vsqrt_f32(mean_plus_eps), 0);

    fesetround(FE_DOWNWARD); /* what the caller had, on the machine where this was written */
    for (i = 0; len - i >= 4; i += 4)
        vst1q_f32(row + i, vmulq_n_f32(vld1q_f32(row + i), scale));
    for (; i < len; i++)
        row[i] *= scale;
}
