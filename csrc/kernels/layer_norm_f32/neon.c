/* layer_norm_f32, Advanced SIMD: row[i] = (row[i] - mean) / sqrt(variance + eps) * gamma[i] + beta[i], in place.
 *
 * 1. The mean.
 * 2. The mean square of the deviations from it: the difference of the mean square and the squared mean would cancel.
 * 3. Scale, and apply gamma and beta; one square root and one division for the whole row.
 *
 * Sums in four accumulators of four lanes, 16 elements per iteration, and a scalar tail. The last pass takes the
 * residue one element at a time, each as a vector of equal lanes, so that it is fused like the rest.
 *
 * An empty row is left alone. The variance is that of the population (divided by len).
 * Needs: the AArch64 base architecture. No alignment beyond that of float.
 */
#include <arm_neon.h>
#include <stddef.h>

enum { LANES = 4, BLOCK = 4 * LANES };

static inline float sum(const float *row, size_t len) {
    float32x4_t sum0 = vdupq_n_f32(0.0f), sum1 = sum0, sum2 = sum0, sum3 = sum0;
    size_t i = 0;
    for (; len - i >= BLOCK; i += BLOCK) {
        sum0 = vaddq_f32(sum0, vld1q_f32(row + i));
        sum1 = vaddq_f32(sum1, vld1q_f32(row + i + LANES));
        sum2 = vaddq_f32(sum2, vld1q_f32(row + i + 2 * LANES));
        sum3 = vaddq_f32(sum3, vld1q_f32(row + i + 3 * LANES));
    }
    float tail = 0.0f;
    for (; i < len; i++)
        tail += row[i];
    return vaddvq_f32(vaddq_f32(vaddq_f32(sum0, sum1), vaddq_f32(sum2, sum3))) + tail;
}

static inline float sum_of_squares(const float *row, size_t len, float mean) {
    const float32x4_t centre = vdupq_n_f32(mean);
    float32x4_t sum0 = vdupq_n_f32(0.0f), sum1 = sum0, sum2 = sum0, sum3 = sum0;
    size_t i = 0;
    for (; len - i >= BLOCK; i += BLOCK) {
        const float32x4_t x0 = vsubq_f32(vld1q_f32(row + i), centre);
        const float32x4_t x1 = vsubq_f32(vld1q_f32(row + i + LANES), centre);
        const float32x4_t x2 = vsubq_f32(vld1q_f32(row + i + 2 * LANES), centre);
        const float32x4_t x3 = vsubq_f32(vld1q_f32(row + i + 3 * LANES), centre);
        sum0 = vfmaq_f32(sum0, x0, x0);
        sum1 = vfmaq_f32(sum1, x1, x1);
        sum2 = vfmaq_f32(sum2, x2, x2);
        sum3 = vfmaq_f32(sum3, x3, x3);
    }
    float tail = 0.0f;
    for (; i < len; i++)
        tail += (row[i] - mean) * (row[i] - mean);
    return vaddvq_f32(vaddq_f32(vaddq_f32(sum0, sum1), vaddq_f32(sum2, sum3))) + tail;
}

void layer_norm_f32_neon(float *row, const float *gamma, const float *beta, size_t len, float eps) {
    const float mean = sum(row, len) / (float)len;
    const float variance = sum_of_squares(row, len, mean) / (float)len;
    const float scale = 1.0f / vget_lane_f32(vsqrt_f32(vdup_n_f32(variance + eps)), 0);

    const float32x4_t centre = vdupq_n_f32(mean);
    size_t i = 0;
    for (; len - i >= LANES; i += LANES) {
        const float32x4_t normal = vmulq_n_f32(vsubq_f32(vld1q_f32(row + i), centre), scale);
        vst1q_f32(row + i, vfmaq_f32(vld1q_f32(beta + i), normal, vld1q_f32(gamma + i)));
    }
    for (; i < len; i++) {
        const float32x4_t normal = vmulq_n_f32(vsubq_f32(vld1q_dup_f32(row + i), centre), scale);
        vst1q_lane_f32(row + i, vfmaq_f32(vld1q_dup_f32(beta + i), normal, vld1q_dup_f32(gamma + i)), 0);
    }
}
