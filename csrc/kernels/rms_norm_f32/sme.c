/* rms_norm_f32, SME at any streaming vector length: row[i] = row[i] / sqrt(mean(row^2) + eps), in place.
 *
 * 1. Sum of squares in four accumulators, four vectors per iteration, so that four fused multiply-adds are in
 *    flight; the residue goes through a loop predicated by whilelt, which needs no scalar tail.
 * 2. One square root and one division for the whole row.
 * 3. Scale the row by the reciprocal, four vectors per iteration and a predicated loop for the residue.
 *
 * The accumulation under a partial predicate merges (_m): its inactive lanes keep what they have summed so far
 * and are reduced with the rest. The _x forms leave inactive lanes undefined; they are used only where every lane
 * is active, or where the same predicate governs the store that consumes the result.
 *
 * Rounding (u = 2^-24): the sum (chains of n / (4 lanes) fused additions), halved by the square root; 1/2 u each
 * from the division by n and the addition of eps, halved likewise; u each from square root, reciprocal and
 * product. n is converted to float, which is exact up to 2^24.
 * Needs: SME, and of streaming mode only what every core has (no FA64); ZA is not used. No alignment beyond that of
 * float. An empty row is left alone.
 */
#include <arm_sme.h>
#include <stddef.h>
#include <stdint.h>

__arm_locally_streaming void rms_norm_f32_sme(float *row, size_t len, float eps) {
    const svbool_t all = svptrue_b32();
    const uint64_t lanes = svcntw();
    const uint64_t block = 4 * lanes;
    svfloat32_t sum0 = svdup_n_f32(0.0f), sum1 = sum0, sum2 = sum0, sum3 = sum0;
    uint64_t i = 0;
    for (; len - i >= block; i += block) {
        const svfloat32_t x0 = svld1_f32(all, row + i);
        const svfloat32_t x1 = svld1_f32(all, row + i + lanes);
        const svfloat32_t x2 = svld1_f32(all, row + i + 2 * lanes);
        const svfloat32_t x3 = svld1_f32(all, row + i + 3 * lanes);
        sum0 = svmla_f32_x(all, sum0, x0, x0);
        sum1 = svmla_f32_x(all, sum1, x1, x1);
        sum2 = svmla_f32_x(all, sum2, x2, x2);
        sum3 = svmla_f32_x(all, sum3, x3, x3);
    }
    for (; i < len; i += lanes) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        const svfloat32_t x = svld1_f32(active, row + i);
        sum0 = svmla_f32_m(active, sum0, x, x);
    }

    const svfloat32_t sums = svadd_f32_x(all, svadd_f32_x(all, sum0, sum1), svadd_f32_x(all, sum2, sum3));
    const float mean = svaddv_f32(all, sums) / (float)len;
    const svfloat32_t root = svsqrt_f32_x(all, svdup_n_f32(mean + eps));
    const svfloat32_t scale = svdivr_n_f32_x(all, root, 1.0f);

    for (i = 0; len - i >= block; i += block) {
        svst1_f32(all, row + i, svmul_f32_x(all, svld1_f32(all, row + i), scale));
        svst1_f32(all, row + i + lanes, svmul_f32_x(all, svld1_f32(all, row + i + lanes), scale));
        svst1_f32(all, row + i + 2 * lanes, svmul_f32_x(all, svld1_f32(all, row + i + 2 * lanes), scale));
        svst1_f32(all, row + i + 3 * lanes, svmul_f32_x(all, svld1_f32(all, row + i + 3 * lanes), scale));
    }
    for (; i < len; i += lanes) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        svst1_f32(active, row + i, svmul_f32_x(active, svld1_f32(active, row + i), scale));
    }
}
