/* sum_f16, Advanced SIMD: the sum of a row in half precision, added up and returned in float.
 *
 * 1. Four accumulators of four lanes, 16 elements per iteration, so that four additions are in flight. FCVTL, which
 *    widens to single precision, is in Armv8.0; half-precision arithmetic (FEAT_FP16) is not.
 * 2. A scalar tail sums the residue.
 * 3. Add the accumulators, then across lanes, then the tail.
 *
 * Rounding (u = 2^-24): each addition rounds once, in chains of n / 16 terms; widening is exact.
 * Conventions: the sum of nothing is +0. NaN and infinities propagate as in any sum.
 * Needs: the AArch64 base architecture. No alignment beyond that of two bytes.
 */
#include <arm_neon.h>
#include <stddef.h>

enum { LANES = 4, BLOCK = 4 * LANES };

static inline float32x4_t load_half(const float16_t *x) {
    return vcvt_f32_f16(vld1_f16(x));
}

float sum_f16_neon(const float16_t *x, size_t len) {
    float32x4_t sum0 = vdupq_n_f32(0.0f), sum1 = sum0, sum2 = sum0, sum3 = sum0;
    size_t i = 0;
    for (; len - i >= BLOCK; i += BLOCK) {
        sum0 = vaddq_f32(sum0, load_half(x + i));
        sum1 = vaddq_f32(sum1, load_half(x + i + LANES));
        sum2 = vaddq_f32(sum2, load_half(x + i + 2 * LANES));
        sum3 = vaddq_f32(sum3, load_half(x + i + 3 * LANES));
    }
    float tail = 0.0f;
    for (; i < len; i++)
        tail += (float)x[i];

    return vaddvq_f32(vaddq_f32(vaddq_f32(sum0, sum1), vaddq_f32(sum2, sum3))) + tail;
}
