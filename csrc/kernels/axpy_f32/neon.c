/* axpy_f32, Advanced SIMD: y[i] += a * x[i].
 *
 * 1. Two vectors per iteration: the loop is bound by its two loads and one store per vector, and more would not
 *    help.
 * 2. The residue of up to seven elements one at a time, each as a vector of equal lanes, so that it is fused like
 *    the rest.
 *
 * Rounding (u = 2^-24): once, in the fused multiply-add.
 * Conventions: an empty row is left alone. x may be y; otherwise the two may not overlap. a = 0 is no special
 * case: 0 * infinity is NaN.
 * Needs: the AArch64 base architecture. No alignment beyond that of float.
 */
#include <arm_neon.h>
#include <stddef.h>

enum { LANES = 4, BLOCK = 2 * LANES };

void axpy_f32_neon(float *y, const float *x, size_t len, float a) {
    size_t i = 0;
    for (; len - i >= BLOCK; i += BLOCK) {
        vst1q_f32(y + i, vfmaq_n_f32(vld1q_f32(y + i), vld1q_f32(x + i), a));
        vst1q_f32(y + i + LANES, vfmaq_n_f32(vld1q_f32(y + i + LANES), vld1q_f32(x + i + LANES), a));
    }
    for (; i < len; i++)
        vst1q_lane_f32(y + i, vfmaq_n_f32(vld1q_dup_f32(y + i), vld1q_dup_f32(x + i), a), 0);
}
