/* A float argument taken for a vector of it and zeros: of v0 the caller defines the low 32 bits only.
 *
 * Right as long as the last write of v0 was a scalar one, which zeroes the rest.
 *
 * The same in v0.
 *
 * KERNEL: op = "rms_norm_f32"
 * EXPECT: outcome = "MISMATCH"
 * EXPECT: builds = ["hostile"]
 * EXPECT: passes_in = ["plain"]
 */
#include <arm_neon.h>
#include <stddef.h>

void neon_scalar_assumed_zero_above(float *row, size_t len, float eps) {
    float32x4_t eps_and_zeros;
    __asm__("" : "=w"(eps_and_zeros) : "0"(eps));
    float32x4_t sums = vdupq_n_f32(0.0f);
    size_t i = 0;
    for (; len - i >= 4; i += 4)
        sums = vfmaq_f32(sums, vld1q_f32(row + i), vld1q_f32(row + i));
    float tail = 0.0f;
    for (; i < len; i++)
        tail += row[i] * row[i];
    sums = vsetq_lane_f32(vgetq_lane_f32(sums, 0) + tail, sums, 0);
    const float mean = vaddvq_f32(vaddq_f32(vdivq_f32(sums, vdupq_n_f32((float)len)), eps_and_zeros));
    const float scale = 1.0f / vgetq_lane_f32(vsqrtq_f32(vdupq_n_f32(mean)), 0);
    for (i = 0; i < len; i++)
        row[i] *= scale;
}
