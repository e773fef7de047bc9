/* dot_f32, SME at any streaming vector length: the sum of x[i] * y[i].
 *
 * 1. Four accumulators, four vectors per iteration, so that four additions are in flight.
 * 2. The residue through a loop predicated by whilelt; it merges (_m), so that inactive lanes keep what they have
 *    summed.
 * 3. Add the accumulators, then across lanes.
 *
 * Rounding (u = 2^-24): each term rounds once, in a fused multiply-add, in chains of n / (4 * lanes) terms; the
 * error is bounded by u times the length of the chain times the sum of |x[i] y[i]|, and is near the square root of
 * that for signs at random. The order of the terms is not that of the row, so whether an intermediate sum
 * overflows may differ from a sequential sum.
 *
 * Conventions: the sum of nothing is +0. NaN and infinities propagate as in any sum.
 * Needs: SME, and of streaming mode only what every core has (no FA64); ZA is not used. No alignment beyond that of
 * float.
 */
#include <arm_sme.h>
#include <stddef.h>
#include <stdint.h>

__arm_locally_streaming float dot_f32_sme(const float *x, const float *y, size_t len) {
    const svbool_t all = svptrue_b32();
    const uint64_t lanes = svcntw();
    const uint64_t block = 4 * lanes;
    svfloat32_t sum0 = svdup_n_f32(0.0f), sum1 = sum0, sum2 = sum0, sum3 = sum0;
    uint64_t i = 0;
    for (; len - i >= block; i += block) {
        sum0 = svmla_f32_x(all, sum0, svld1_f32(all, x + i), svld1_f32(all, y + i));
        sum1 = svmla_f32_x(all, sum1, svld1_f32(all, x + i + lanes), svld1_f32(all, y + i + lanes));
        sum2 = svmla_f32_x(all, sum2, svld1_f32(all, x + i + 2 * lanes), svld1_f32(all, y + i + 2 * lanes));
        sum3 = svmla_f32_x(all, sum3, svld1_f32(all, x + i + 3 * lanes), svld1_f32(all, y + i + 3 * lanes));
    }
    for (; i < len; i += lanes) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        sum0 = svmla_f32_m(active, sum0, svld1_f32(active, x + i), svld1_f32(active, y + i));
    }

    return svaddv_f32(all, svadd_f32_x(all, svadd_f32_x(all, sum0, sum1), svadd_f32_x(all, sum2, sum3)));
}
