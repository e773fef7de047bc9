/* Cancellation: the variance is the mean square less the squared mean, which saves a pass over the row.
 *
 * Right where the mean is small beside the deviations from it. Where it is large, the difference has no digits left,
 * and may even be negative.
 *
 * E[x^2] - E[x]^2 cancels where the mean is large beside the deviations.
 *
 * KERNEL: op = "layer_norm_f32"
 * EXPECT: outcome = "MISMATCH"
 * EXPECT: options = "--suite offset"
 */
#include <arm_sve.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>

void sve_layer_norm_one_pass(float *row, const float *gamma, const float *beta, size_t len, float eps) {
    const svbool_t all = svptrue_b32();
    const uint64_t lanes = svcntw();
    svfloat32_t sum = svdup_n_f32(0.0f), squares = sum;
    for (uint64_t i = 0; i < len; i += lanes) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        const svfloat32_t x = svld1_f32(active, row + i);
        sum = svadd_f32_m(active, sum, x);
        squares = svmla_f32_m(active, squares, x, x);
    }
    const float mean = svaddv_f32(all, sum) / (float)len;
    const float scale = 1.0f / sqrtf(svaddv_f32(all, squares) / (float)len - mean * mean + eps);
    for (uint64_t i = 0; i < len; i += lanes) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        const svfloat32_t deviation = svsub_n_f32_x(active, svld1_f32(active, row + i), mean);
        const svfloat32_t normal = svmul_n_f32_x(active, deviation, scale);
        svst1_f32(active, row + i,
                  svmad_f32_x(active, normal, svld1_f32(active, gamma + i), svld1_f32(active, beta + i)));
    }
}
