/* layer_norm_f32, SVE at any vector length: row[i] = (row[i] - mean) / sqrt(variance + eps) * gamma[i] + beta[i].
 *
 * 1. The mean.
 * 2. The mean square of the deviations from it: the difference of the mean square and the squared mean would cancel.
 * 3. Scale, and apply gamma and beta. The root and the division for the whole row are of vectors, as sqrtf is a call.
 *
 * Sums in two accumulators, two vectors per iteration; residues through loops predicated by whilelt. Accumulation under
 * a partial predicate merges (_m): inactive lanes keep what they have summed.
 *
 * In place. An empty row is left alone. The variance is that of the population (divided by len).
 * Needs: SVE; nothing of SVE2. No alignment beyond that of float.
 */
#include <arm_sve.h>
#include <stddef.h>
#include <stdint.h>

#include "../common/streaming.h"

static inline float sum(const float *row, uint64_t len) STREAMING {
    const svbool_t all = svptrue_b32();
    const uint64_t lanes = svcntw();
    svfloat32_t sum0 = svdup_n_f32(0.0f), sum1 = sum0;
    uint64_t i = 0;
    for (; len - i >= 2 * lanes; i += 2 * lanes) {
        sum0 = svadd_f32_x(all, sum0, svld1_f32(all, row + i));
        sum1 = svadd_f32_x(all, sum1, svld1_f32(all, row + i + lanes));
    }
    for (; i < len; i += lanes) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        sum0 = svadd_f32_m(active, sum0, svld1_f32(active, row + i));
    }
    return svaddv_f32(all, svadd_f32_x(all, sum0, sum1));
}

static inline float sum_of_squares(const float *row, uint64_t len, float mean) STREAMING {
    const svbool_t all = svptrue_b32();
    const uint64_t lanes = svcntw();
    svfloat32_t sum0 = svdup_n_f32(0.0f), sum1 = sum0;
    uint64_t i = 0;
    for (; len - i >= 2 * lanes; i += 2 * lanes) {
        const svfloat32_t x0 = svsub_n_f32_x(all, svld1_f32(all, row + i), mean);
        const svfloat32_t x1 = svsub_n_f32_x(all, svld1_f32(all, row + i + lanes), mean);
        sum0 = svmla_f32_x(all, sum0, x0, x0);
        sum1 = svmla_f32_x(all, sum1, x1, x1);
    }
    for (; i < len; i += lanes) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        const svfloat32_t x = svsub_n_f32_x(active, svld1_f32(active, row + i), mean);
        sum0 = svmla_f32_m(active, sum0, x, x);
    }
    return svaddv_f32(all, svadd_f32_x(all, sum0, sum1));
}

void layer_norm_f32_sve(float *row, const float *gamma, const float *beta, size_t len, float eps) {
    const uint64_t lanes = svcntw();
    const float mean = sum(row, len) / (float)len;
    const float variance = sum_of_squares(row, len, mean) / (float)len;
    const svfloat32_t root = svsqrt_f32_x(svptrue_b32(), svdup_n_f32(variance + eps));
    const svfloat32_t scale = svdivr_n_f32_x(svptrue_b32(), root, 1.0f);
    for (uint64_t i = 0; i < len; i += lanes) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        const svfloat32_t deviation = svsub_n_f32_x(active, svld1_f32(active, row + i), mean);
        const svfloat32_t normal = svmul_f32_x(active, deviation, scale);
        const svfloat32_t scaled =
            svmad_f32_x(active, normal, svld1_f32(active, gamma + i), svld1_f32(active, beta + i));
        svst1_f32(active, row + i, scaled);
    }
}
