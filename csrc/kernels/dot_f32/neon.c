/* dot_f32, Advanced SIMD: the sum of x[i] * y[i].
 *
 * 1. Four accumulators of four lanes, 16 elements per iteration, so that four additions are in flight.
 * 2. A scalar tail sums the residue.
 * 3. Add the accumulators, then across lanes, then the tail.
 *
 * Rounding (u = 2^-24): each term rounds once, in a fused multiply-add, in chains of n / (16) terms; the error is
 * bounded by u times the length of the chain times the sum of |x[i] y[i]|, and is near the square root of that for
 * signs at random. The order of the terms is not that of the row, so whether an intermediate sum overflows may
 * differ from a sequential sum.
 *
 * Conventions: the sum of nothing is +0. NaN and infinities propagate as in any sum.
 * Needs: the AArch64 base architecture. No alignment beyond that of float.
 */
#include <arm_neon.h>
#include <stddef.h>

enum { LANES = 4, BLOCK = 4 * LANES };

float dot_f32_neon(const float *x, const float *y, size_t len) {
    float32x4_t sum0 = vdupq_n_f32(0.0f), sum1 = sum0, sum2 = sum0, sum3 = sum0;
    size_t i = 0;
    for (; len - i >= BLOCK; i += BLOCK) {
        sum0 = vfmaq_f32(sum0, vld1q_f32(x + i), vld1q_f32(y + i));
        sum1 = vfmaq_f32(sum1, vld1q_f32(x + i + LANES), vld1q_f32(y + i + LANES));
        sum2 = vfmaq_f32(sum2, vld1q_f32(x + i + 2 * LANES), vld1q_f32(y + i + 2 * LANES));
        sum3 = vfmaq_f32(sum3, vld1q_f32(x + i + 3 * LANES), vld1q_f32(y + i + 3 * LANES));
    }
    float tail = 0.0f;
    for (; i < len; i++)
        tail += x[i] * y[i];

    return vaddvq_f32(vaddq_f32(vaddq_f32(sum0, sum1), vaddq_f32(sum2, sum3))) + tail;
}
