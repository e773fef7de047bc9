/* Read before the start: the tail re-reads the last four elements and masks away those already summed, which is a
 * fine technique for rows of four elements and more.
 *
 * For 1 to 3 elements it reads up to three elements in front of the row. The result is right; a guard page in
 * front of the row shows it.
 *
 * The overlapping-tail technique without the minimum size it needs: 1 to 3 elements read in front of the row.
 *
 * KERNEL: op = "rms_norm_f32"
 * EXPECT: outcome = "OUT_OF_BOUNDS"
 * EXPECT: rule = "rows at both guard pages fail exactly where len is 1, 2 or 3"
 */
#include <arm_neon.h>
#include <stddef.h>

void neon_reads_before_start(float *row, size_t len, float eps) {
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
    for (; len - i >= 4; i += 4) {
        const float32x4_t x = vld1q_f32(row + i);
        sum += vaddvq_f32(vmulq_f32(x, x));
    }
    if (i < len) {
        static const uint32_t index[4] = {0, 1, 2, 3};
        const uint32x4_t is_new = vcgeq_u32(vld1q_u32(index), vdupq_n_u32((uint32_t)(4 - (len - i))));
        const float32x4_t x = vreinterpretq_f32_u32(vandq_u32(is_new, vreinterpretq_u32_f32(vld1q_f32(row + len - 4))));
        sum += vaddvq_f32(vmulq_f32(x, x));
    }

    const float32x2_t mean_plus_eps = vdup_n_f32(sum / (float)len + eps);
    const float scale = 1.0f / vget_lane_f32(vsqrt_f32(mean_plus_eps), 0);

    for (i = 0; len - i >= 4; i += 4)
        vst1q_f32(row + i, vmulq_n_f32(vld1q_f32(row + i), scale));
    for (; i < len; i++)
        row[i] *= scale;
}
