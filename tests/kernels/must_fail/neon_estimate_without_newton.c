/* Estimate without refinement: frsqrte is good to 8 bits, and the Newton steps are missing.
 *
 * Errs by up to 2^-8, at every size.
 *
 * frsqrte without its Newton steps: 8 bits instead of 24.
 *
 * KERNEL: op = "rms_norm_f32"
 * EXPECT: outcome = "MISMATCH"
 */
#include <arm_neon.h>
#include <stddef.h>

void neon_estimate_without_newton(float *row, size_t len, float eps) {
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

    const float32x2_t mean_plus_eps = vdup_n_f32(sum / (float)len + eps);
    const float scale = vget_lane_f32(vrsqrte_f32(mean_plus_eps), 0);

    for (i = 0; len - i >= 4; i += 4)
        vst1q_f32(row + i, vmulq_n_f32(vld1q_f32(row + i), scale));
    for (; i < len; i++)
        row[i] *= scale;
}
