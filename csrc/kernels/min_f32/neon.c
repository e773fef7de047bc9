/* min_f32, Advanced SIMD: the smallest element of x.
 *
 * 1. Four vectors of running minima, 16 elements per iteration, so that four comparisons are in flight.
 * 2. The residue, one element at a time and in every lane at once.
 * 3. Reduce the vectors, then across lanes.
 *
 * Conventions: the minimum of nothing is +infinity. A NaN anywhere gives a NaN (quiet; sign and payload unspecified).
 * Zeros of either sign are equal, and which of them is returned is unspecified.
 * FMIN and FMINV propagate NaN; FMINNM, which prefers the number, would not do.
 * Exact: nothing is rounded.
 * Needs: the AArch64 base architecture. No alignment beyond that of float.
 */
#include <arm_neon.h>
#include <math.h>
#include <stddef.h>

enum { LANES = 4, BLOCK = 4 * LANES };

float min_f32_neon(const float *x, size_t len) {
    float32x4_t min0 = vdupq_n_f32(INFINITY), min1 = min0, min2 = min0, min3 = min0;
    size_t i = 0;
    for (; len - i >= BLOCK; i += BLOCK) {
        min0 = vminq_f32(min0, vld1q_f32(x + i));
        min1 = vminq_f32(min1, vld1q_f32(x + i + LANES));
        min2 = vminq_f32(min2, vld1q_f32(x + i + 2 * LANES));
        min3 = vminq_f32(min3, vld1q_f32(x + i + 3 * LANES));
    }
    for (; i < len; i++)
        min0 = vminq_f32(min0, vld1q_dup_f32(x + i));

    return vminvq_f32(vminq_f32(vminq_f32(min0, min1), vminq_f32(min2, min3)));
}
