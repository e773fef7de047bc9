/* max_f32, Advanced SIMD: the largest element of x.
 *
 * 1. Four vectors of running maxima, 16 elements per iteration, so that four comparisons are in flight.
 * 2. The residue, one element at a time and in every lane at once.
 * 3. Reduce the vectors, then across lanes.
 *
 * Conventions: the maximum of nothing is -infinity. A NaN anywhere gives a NaN (quiet; sign and payload unspecified).
 * Zeros of either sign are equal, and which of them is returned is unspecified.
 * FMAX and FMAXV propagate NaN; FMAXNM, which prefers the number, would not do.
 * Exact: nothing is rounded.
 * Needs: the AArch64 base architecture. No alignment beyond that of float.
 */
#include <arm_neon.h>
#include <math.h>
#include <stddef.h>

enum { LANES = 4, BLOCK = 4 * LANES };

float max_f32_neon(const float *x, size_t len) {
    float32x4_t max0 = vdupq_n_f32(-INFINITY), max1 = max0, max2 = max0, max3 = max0;
    size_t i = 0;
    for (; len - i >= BLOCK; i += BLOCK) {
        max0 = vmaxq_f32(max0, vld1q_f32(x + i));
        max1 = vmaxq_f32(max1, vld1q_f32(x + i + LANES));
        max2 = vmaxq_f32(max2, vld1q_f32(x + i + 2 * LANES));
        max3 = vmaxq_f32(max3, vld1q_f32(x + i + 3 * LANES));
    }
    for (; i < len; i++)
        max0 = vmaxq_f32(max0, vld1q_dup_f32(x + i));

    return vmaxvq_f32(vmaxq_f32(vmaxq_f32(max0, max1), vmaxq_f32(max2, max3)));
}
