/* rms_norm_f32, Advanced SIMD: row[i] = row[i] / sqrt(mean(row^2) + eps), in place.
 *
 * 1. Sum of squares in four accumulators of four lanes, 16 elements per iteration, so that four fused
 *    multiply-adds are in flight; a scalar tail takes the residue.
 * 2. One square root and one division for the whole row: the estimate instructions would need two Newton steps
 *    to come close, for a cost that is paid once per row.
 * 3. Scale the row by the reciprocal, 16 elements per iteration and a scalar tail.
 *
 * Rounding (u = 2^-24): the sum (chains of n / 16 fused additions), halved by the square root; 1/2 u each from
 * the division by n and the addition of eps, halved likewise; u each from square root, reciprocal and product.
 * n is converted to float, which is exact up to 2^24.
 * Needs: the AArch64 base architecture. No alignment beyond that of float. An empty row is left alone.
 */
#include <arm_neon.h>
#include <stddef.h>

enum { LANES = 4, BLOCK = 4 * LANES };

void rms_norm_f32_neon(float *row, size_t len, float eps) {
    float32x4_t sum0 = vdupq_n_f32(0.0f), sum1 = sum0, sum2 = sum0, sum3 = sum0;
    size_t i = 0;
    for (; len - i >= BLOCK; i += BLOCK) {
        const float32x4_t x0 = vld1q_f32(row + i);
        const float32x4_t x1 = vld1q_f32(row + i + LANES);
        const float32x4_t x2 = vld1q_f32(row + i + 2 * LANES);
        const float32x4_t x3 = vld1q_f32(row + i + 3 * LANES);
        sum0 = vfmaq_f32(sum0, x0, x0);
        sum1 = vfmaq_f32(sum1, x1, x1);
        sum2 = vfmaq_f32(sum2, x2, x2);
        sum3 = vfmaq_f32(sum3, x3, x3);
    }
    float tail = 0.0f;
    for (; i < len; i++)
        tail += row[i] * row[i];

    const float sum = vaddvq_f32(vaddq_f32(vaddq_f32(sum0, sum1), vaddq_f32(sum2, sum3))) + tail;
    const float32x2_t mean_plus_eps = vdup_n_f32(sum / (float)len + eps);
    const float scale = 1.0f / vget_lane_f32(vsqrt_f32(mean_plus_eps), 0);

    for (i = 0; len - i >= BLOCK; i += BLOCK) {
        vst1q_f32(row + i, vmulq_n_f32(vld1q_f32(row + i), scale));
        vst1q_f32(row + i + LANES, vmulq_n_f32(vld1q_f32(row + i + LANES), scale));
        vst1q_f32(row + i + 2 * LANES, vmulq_n_f32(vld1q_f32(row + i + 2 * LANES), scale));
        vst1q_f32(row + i + 3 * LANES, vmulq_n_f32(vld1q_f32(row + i + 3 * LANES), scale));
    }
    for (; i < len; i++)
        row[i] *= scale;
}
