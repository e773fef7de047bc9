/* Write out of bounds: the last vector is loaded under the right predicate and stored under an all-true one, which
 * writes zeros behind the row.
 *
 * The row itself is right. A guard page shows it, or a canary when the row lies elsewhere.
 *
 * An unpredicated store in the tail writes zeros behind the row: the row is right, its neighbour is not.
 *
 * KERNEL: op = "rms_norm_f32"
 * EXPECT: outcome = "OUT_OF_BOUNDS"
 */
#include <arm_sve.h>
#include <stddef.h>
#include <stdint.h>

void sve_writes_past_end(float *row, size_t len, float eps) {
    const svbool_t all = svptrue_b32();
    const uint64_t lanes = svcntw();
    svfloat32_t sum0 = svdup_n_f32(0.0f), sum1 = sum0, sum2 = sum0, sum3 = sum0;
    uint64_t i = 0;
    for (; len - i >= 4 * lanes; i += 4 * lanes) {
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
    const svfloat32_t scale = svdivr_n_f32_x(all, svsqrt_f32_x(all, svdup_n_f32(mean + eps)), 1.0f);

    for (i = 0; i < len; i += lanes) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        svst1_f32(all, row + i, svmul_f32_x(all, svld1_f32(active, row + i), scale));
    }
}
